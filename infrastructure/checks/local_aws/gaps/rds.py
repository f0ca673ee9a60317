"""RDS: parameters that were set say so, and Performance Insights is remembered."""

from moto.rds.models import DBInstance, DBParameterGroup


def fill() -> None:
    """Without these two, every plan would change the parameter group and the instance."""
    update, create = DBParameterGroup.update_parameters, DBInstance.__init__

    def update_and_mark(self, new_parameters):
        new_parameters = list(new_parameters)
        update(self, new_parameters)
        for parameter in new_parameters:
            self.parameters[parameter["ParameterName"]]["Source"] = "user"

    def create_and_keep(self, *arguments, **settings):
        create(self, *arguments, **settings)
        self.performance_insights_enabled = bool(settings.get("enable_performance_insights"))
        if self.performance_insights_enabled:
            self.performance_insights_kms_key_id = settings.get("performance_insights_kms_key_id")
            self.performance_insights_retention_period = int(settings.get("performance_insights_retention_period") or 7)

    DBParameterGroup.update_parameters = update_and_mark
    DBInstance.__init__ = create_and_keep

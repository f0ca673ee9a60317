"""What the stack needs of AWS and moto lacks, or gives in another form. Each module fills the gaps of one service.

A call that neither knows is refused at once with 501: the provider would ask again 25 times after a 500.
"""

import moto.server
from moto.moto_server import werkzeug_app

from local_aws.gaps import ec2, eks, rds, route53

NOT_THERE = "<Response><Errors><Error><Code>NotInThisImitation</Code><Message>{}</Message></Error></Errors></Response>"


def fill() -> None:
    """Fills all of them; moto has to be started in this process."""
    for service in (ec2, eks, rds, route53):
        service.fill()
    create = werkzeug_app.create_backend_app

    def create_and_refuse(service):
        app = create(service)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.register_error_handler(
            NotImplementedError, lambda error: (NOT_THERE.format(error), 501, {"Content-Type": "text/xml"})
        )
        return app

    moto.server.create_backend_app = werkzeug_app.create_backend_app = create_and_refuse

# What the host does when it starts: files, and a unit that systemd starts at each boot. No secret is in it.
locals {
  boot = "${path.module}/boot"

  boot_files = merge(
    { for file in fileset("${local.boot}/bin", "*") : "/opt/online-course/${file}" => { content = file("${local.boot}/bin/${file}"), permissions = "0755" } },
    { for file in fileset("${local.boot}/systemd", "*") : "/etc/systemd/system/${file}" => { content = file("${local.boot}/systemd/${file}"), permissions = "0644" } },
    {
      "/etc/systemd/journald.conf.d/online-course.conf" = { content = file("${local.boot}/journald.conf"), permissions = "0644" }
      "/etc/online-course.env" = {
        permissions = "0644"
        content = templatefile("${local.boot}/online-course.env.tftpl", {
          region              = data.aws_region.current.name
          image_parameters    = { for name, parameter in aws_ssm_parameter.image : name => parameter.name }
          database_host       = var.database_host
          database_port       = var.database_port
          tracking_host       = "tracking.${aws_route53_zone.this.name}"
          bucket              = var.bucket
          artifacts_prefix    = var.artifacts_prefix
          grafana_secret      = join("", aws_secretsmanager_secret.grafana[*].name)
          grafana_agent_image = var.grafana_agent_image
          settings            = var.settings
        })
      }
    },
  )

  cloud_config = {
    write_files = [for path, file in local.boot_files : { path = path, permissions = file.permissions, content = file.content }]
    runcmd = [
      ["systemctl", "daemon-reload"],
      ["systemctl", "restart", "systemd-journald"],
      ["systemctl", "enable", "--now", "online-course-database-token.timer"],
      ["systemctl", "enable", "--now", "--no-block", "online-course.service"],
    ]
  }

  # JSON is YAML. EC2 takes 16 KB, before base64.
  user_data = base64gzip("#cloud-config\n${jsonencode(local.cloud_config)}\n")
}

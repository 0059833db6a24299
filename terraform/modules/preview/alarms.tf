# What the load balancer and the database say; to nobody unless alarm_topic_arn names somebody. Previews themselves need no alarm:
# the pull request is told.

locals {
  alarms = {
    load-balancer-5xx = {
      description = "The previews' load balancer answers with errors of its own: a target that is registered does not answer."
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_ELB_5XX_Count"
      statistic   = "Sum"
      threshold   = 50
      dimensions  = { LoadBalancer = aws_lb.this.arn_suffix }
    }
    load-balancer-rejects = {
      description = "The previews' load balancer has no room for more connections."
      namespace   = "AWS/ApplicationELB"
      metric      = "RejectedConnectionCount"
      statistic   = "Sum"
      threshold   = 0
      dimensions  = { LoadBalancer = aws_lb.this.arn_suffix }
    }
  }

  database_alarms = {
    database-cpu = {
      description = "The previews' database is busy."
      namespace   = "AWS/RDS"
      metric      = "CPUUtilization"
      statistic   = "Average"
      threshold   = 80
      dimensions  = { DBInstanceIdentifier = "${var.name}-preview" }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = merge(local.alarms, { for name, alarm in local.database_alarms : name => alarm if var.postgres != null })

  alarm_name          = "${var.name}-preview-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching" # No preview, no requests.
  alarm_actions       = var.alarm_topic_arn[*]
  ok_actions          = var.alarm_topic_arn[*]
  tags                = var.tags
}

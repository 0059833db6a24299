# Four alarms to one topic, and a dashboard.

resource "aws_sns_topic" "this" {
  name              = local.name
  display_name      = "Superset"
  kms_master_key_id = aws_kms_key.alarms.id
}

# CloudWatch cannot publish to a topic under the key that AWS keeps for SNS.
resource "aws_kms_key" "alarms" {
  description         = "Superset's alarms."
  enable_key_rotation = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Administer"
        Effect    = "Allow"
        Action    = "kms:*"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Resource  = "*"
      },
      {
        Sid       = "PublishAlarms"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "this" {
  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

locals {
  by_load_balancer = { LoadBalancer = aws_lb.this.arn_suffix }
  by_service       = { ClusterName = aws_ecs_cluster.this.name, ServiceName = aws_ecs_service.this.name }
  by_database      = { DBInstanceIdentifier = local.name }

  alarms = {
    high-error-rate = {
      description = "Superset answers with 5XX.", namespace = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count"
      statistic   = "Sum", threshold = 10, periods = 2, comparison = "GreaterThanThreshold", dimensions = local.by_load_balancer, missing = "notBreaching"
    }
    database-high-cpu = {
      description = "The database's CPU is above 80 %.", namespace = "AWS/RDS", metric = "CPUUtilization"
      statistic   = "Average", threshold = 80, periods = 3, comparison = "GreaterThanThreshold", dimensions = local.by_database, missing = "breaching"
    }
    too-few-tasks = {
      description = "Fewer than 2 tasks run.", namespace = "ECS/ContainerInsights", metric = "RunningTaskCount"
      statistic   = "Average", threshold = 2, periods = 2, comparison = "LessThanThreshold", dimensions = local.by_service, missing = "breaching"
    }
    high-response-time = {
      description = "Superset takes longer than 2 s to answer.", namespace = "AWS/ApplicationELB", metric = "TargetResponseTime"
      statistic   = "Average", threshold = 2, periods = 3, comparison = "GreaterThanThreshold", dimensions = local.by_load_balancer, missing = "notBreaching"
    }
  }

  # Title, then metrics as namespace, name, dimensions.
  widgets = {
    "ECS service" = [
      ["AWS/ECS", "CPUUtilization", local.by_service],
      ["AWS/ECS", "MemoryUtilization", local.by_service],
      ["ECS/ContainerInsights", "RunningTaskCount", local.by_service],
    ]
    "Load balancer" = [
      ["AWS/ApplicationELB", "RequestCount", local.by_load_balancer],
      ["AWS/ApplicationELB", "TargetResponseTime", local.by_load_balancer],
      ["AWS/ApplicationELB", "HTTPCode_Target_2XX_Count", local.by_load_balancer],
      ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", local.by_load_balancer],
    ]
    "Database" = [
      ["AWS/RDS", "CPUUtilization", local.by_database],
      ["AWS/RDS", "DatabaseConnections", local.by_database],
      ["AWS/RDS", "ReadLatency", local.by_database],
      ["AWS/RDS", "WriteLatency", local.by_database],
    ]
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "Superset-Production-Metrics"
  dashboard_body = jsonencode({
    widgets = [for title, metrics in local.widgets : {
      type   = "metric"
      width  = 12
      height = 6
      properties = {
        title   = title
        region  = local.region
        view    = "timeSeries"
        period  = 300
        metrics = [for metric in metrics : concat([metric[0], metric[1]], flatten([for name, value in metric[2] : [name, value]]))]
      }
    }]
  })
}

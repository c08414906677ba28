"""What rclpy lacks, and messages as bytes."""

"""What runs in the other servers' environments, which hold scikit-learn, pandas and MLflow."""

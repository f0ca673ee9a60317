"""The steps of the training pipeline, in the order in which `train_model.py` takes them."""

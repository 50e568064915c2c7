"""Saving: one set of options for all models."""

import tensorflow as tf

# Python stack traces would make the files larger, and different on each machine.
OPTIONS = tf.saved_model.SaveOptions(save_debug_info=False, experimental_debug_stripper=True)

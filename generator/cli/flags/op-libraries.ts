/** The option that loads operations missing in TensorFlow, the same for every command that loads a model. */
export const OP_LIBRARY_FLAGS = "--op-library <file>";
export const OP_LIBRARY_HELP =
  "a shared library of custom operations, or the name of a pack (see install --with); can be repeated";

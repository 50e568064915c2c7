/*
 * Stand-in for python3XX.dll, in the npm package for Windows.
 *
 * TensorFlow's wheel for Windows has its C API in a DLL that is also a Python extension: it imports some 200 functions and
 * variables of Python, which only Python would call or read. Windows does not load a DLL before all that it imports is
 * there, so this one exports their names. Each function is stand_in_function, each variable is stand_in_data.
 *
 * .ci/platforms/python-stand-in.ts writes the list of names, from TensorFlow's DLL, and runs the compiler. No C library is
 * linked: nothing of it is used.
 */

/** Returns NULL, 0 or false, whatever was asked for. */
void *stand_in_function(void) { return 0; }

/** Larger than any object that is read from here. A pointer in it is NULL. */
char stand_in_data[4096];

/** Called by Windows when the DLL is loaded, and at the start and end of threads. */
int stand_in_entry(void *instance, unsigned long reason, void *reserved) {
  (void)instance, (void)reason, (void)reserved;
  return 1;
}

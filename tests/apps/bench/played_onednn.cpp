// A shared library that says which version of oneDNN it is, and has nothing else of it.
extern "C" const int* dnnl_version() {
  static constexpr int version[] = {PLAYED_VERSION};
  return version;
}

// A shared library that says which version of oneDNN it is, and has nothing else of it.
struct Version {
  int major, minor, patch;
};

extern "C" const Version* dnnl_version() {
  static constexpr Version version{PLAYED_VERSION};
  return &version;
}

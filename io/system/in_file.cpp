#include "ebb/io/system/in_file.h"

namespace ebb::io {

template <class E>
[[noreturn]] static void fail_in(const std::string& path, const E& error) {
  const bool names_it = error.message().find(path) != std::string::npos;
  fail<E>(names_it ? "" : path, names_it ? "" : ": ", error.message());
}

void rethrow_in_file(const std::string& path) {
  try {
    throw;
  } catch (const FileError& error) {
    fail_in(path, error);
  } catch (const ArgumentError& error) {
    fail_in(path, error);
  } catch (const OutOfMemoryError& error) {
    fail_in(path, error);
  } catch (const DeviceError& error) {
    fail_in(path, error);
  } catch (const GraphError& error) {
    fail_in(path, error);
  }
}

}  // namespace ebb::io

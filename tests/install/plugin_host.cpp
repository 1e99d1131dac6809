// Opens plugins, all in one process, and calls each on this thread and on one that was there before: plugin_host
// PLUGIN...
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <dlfcn.h>

int main(int count, char** plugins) {
  using Gradient = double (*)();
  std::atomic<Gradient> for_other = nullptr;
  std::atomic<double> answer = 0;
  std::thread other([&] {
    for_other.wait(nullptr);
    answer = for_other.load()();
  });
  for (int i = 1; i < count; ++i) {
    void* plugin = dlopen(plugins[i], RTLD_NOW | RTLD_LOCAL);
    const auto gradient = plugin != nullptr ? reinterpret_cast<Gradient>(dlsym(plugin, "gradient")) : nullptr;
    if (gradient == nullptr || gradient() != 6) {
      std::printf("plugin %d: %s\n", i, gradient == nullptr ? dlerror() : "a wrong gradient");
      std::_Exit(1);
    }
    for_other = gradient;
    for_other.notify_one();
  }
  other.join();
  std::printf("%d plugins ran\n", count - 1);
  return answer == 6 ? 0 : 1;
}

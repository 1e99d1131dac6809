// What a build without CUDA has of its interface: errors that say so.
#include "ebb/core/context.h"
#include "ebb/core/streams/graph.h"
#include "ebb/core/streams/stream.h"

namespace ebb::cuda {

struct Event::State {};
struct Graph::State {};

Stream::Stream(int, int) : context_(nullptr) { fail_without_cuda(kCUDA); }
int Stream::device() const { fail_without_cuda(kCUDA); }
int Stream::priority() const { fail_without_cuda(kCUDA); }
void Stream::synchronize() const { fail_without_cuda(kCUDA); }
bool Stream::query() const { fail_without_cuda(kCUDA); }
void Stream::wait_event(const Event&) const { fail_without_cuda(kCUDA); }
void Stream::wait_stream(const Stream&) const { fail_without_cuda(kCUDA); }
void* Stream::native() const { fail_without_cuda(kCUDA); }

Stream current_stream(int) { fail_without_cuda(kCUDA); }
Stream default_stream(int) { fail_without_cuda(kCUDA); }
void synchronize(int) { fail_without_cuda(kCUDA); }

StreamGuard::StreamGuard(const Stream& stream) : before_(stream) { fail_without_cuda(kCUDA); }
StreamGuard::~StreamGuard() = default;

Event::Event(bool) { fail_without_cuda(kCUDA); }
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;
Event::~Event() = default;
void Event::record(const Stream&) { fail_without_cuda(kCUDA); }
void Event::wait(const Stream&) const { fail_without_cuda(kCUDA); }
void Event::synchronize() const { fail_without_cuda(kCUDA); }
bool Event::query() const { fail_without_cuda(kCUDA); }
double Event::elapsed_time(const Event&) const { fail_without_cuda(kCUDA); }

void record_stream(const Tensor&, const Stream&) { fail_without_cuda(kCUDA); }
void set_synchronous(bool) {}
bool is_synchronous() { return false; }

Graph::Graph(int) { fail_without_cuda(kCUDA); }
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;
void Graph::capture(const std::function<void()>&, Site) { fail_without_cuda(kCUDA); }
void Graph::replay(Site) { fail_without_cuda(kCUDA); }
void Graph::reset() { fail_without_cuda(kCUDA); }
bool Graph::is_captured() const { return false; }
bool is_capturing() { return false; }

}  // namespace ebb::cuda

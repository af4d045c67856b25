#include "app/process_name.hpp"

#include <unistd.h>

#include "base/uuid.hpp"

namespace clinikk::app {
namespace {

std::string host_name() {
    std::string host(256, '\0');
    if (::gethostname(host.data(), host.size()) != 0) return "unknown";
    host.resize(host.find('\0') == std::string::npos ? host.size() : host.find('\0'));
    return host;
}

}  // namespace

std::string process_name() { return "process " + std::to_string(::getpid()) + " on " + host_name(); }

std::string lease_holder() { return host_name() + ':' + std::to_string(::getpid()) + ':' + new_uuid().to_string(); }

}  // namespace clinikk::app

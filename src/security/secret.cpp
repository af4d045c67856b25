#include "security/secret.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/uuid.hpp"

namespace clinikk {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(fs::path const& path, std::string const& what) {
    throw std::runtime_error("the secret file " + path.string() + " " + what);
}

[[noreturn]] void fail_errno(fs::path const& path, char const* what) {
    throw std::system_error(errno, std::generic_category(), "the secret file " + path.string() + " cannot be " + what);
}

std::optional<std::string> load(fs::path const& path) {
    // Does not block: a FIFO in the place of the file must not stop the start.
    FileDescriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        if (errno == ENOENT) return std::nullopt;
        fail_errno(path, "opened");
    }
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) fail_errno(path, "examined");
    if (!S_ISREG(status.st_mode)) fail(path, "is not a regular file");
    if ((status.st_mode & 077) != 0)
        fail(path, "can be read or changed by others: chmod 600 it, or better, replace it");
    std::array<char, 4096> space{};
    auto const length = ::read(file.get(), space.data(), space.size());
    if (length < 0) fail_errno(path, "read");
    std::string_view text(space.data(), static_cast<std::size_t>(length));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    if (text.size() < 32) fail(path, "holds fewer than 32 bytes");
    return std::string(text);
}

std::string random_secret() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
    std::array<std::uint8_t, 32> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    auto text = to_hex(bytes);
    sodium_memzero(bytes.data(), bytes.size());
    return text;
}

void write_durably(fs::path const& path, std::string const& text) {
    FileDescriptor const file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) fail_errno(path, "made");
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
        fail_errno(path, "written");
    }
}

void sync_parent(fs::path const& path) {
    auto const parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    FileDescriptor const directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) fail_errno(path, "made durable");
}

/// Stores a new secret there, unless another process is quicker.
void create(fs::path const& path) {
    struct Temporary {
        fs::path path;
        ~Temporary() { ::unlink(path.c_str()); }
    };
    Temporary const temporary{path.string() + "." + new_uuid().to_string()};
    write_durably(temporary.path, random_secret() + "\n");
    // Unlike a rename, a link never replaces a file: the first one wins, with all its bytes in place.
    if (::link(temporary.path.c_str(), path.c_str()) != 0 && errno != EEXIST) fail_errno(path, "made");
    sync_parent(path);
}

}  // namespace

std::string load_or_create_secret(fs::path const& path) {
    if (auto existing = load(path)) return *std::move(existing);
    create(path);
    if (auto made = load(path)) return *std::move(made);
    fail(path, "disappeared while it was made");
}

}  // namespace clinikk

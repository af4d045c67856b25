#include "db/sqlite/file_collection_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <system_error>

#include "base/file.hpp"

namespace clinikk::db {
namespace {

class FileClaim final : public CollectionClaim {
public:
    explicit FileClaim(FileDescriptor file) : file_(std::move(file)) {}

    Task<> release() override {
        file_ = {};
        co_return;
    }

private:
    FileDescriptor file_;
};

std::string read_name(int file) {
    std::array<char, 256> text{};
    auto const length = ::pread(file, text.data(), text.size(), 0);
    return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : std::string();
}

/// The name is for people only: on a full disk the file stays empty.
void write_name(int file, std::string const& name) {
    if (::ftruncate(file, 0) != 0) return;
    [[maybe_unused]] auto const written = ::pwrite(file, name.data(), name.size(), 0);
}

}  // namespace

Task<CollectionLock::Attempt> FileCollectionLock::try_claim(std::string holder) {
    FileDescriptor file(::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) throw std::system_error(errno, std::generic_category(), "opening the collector's lock");
    Attempt attempt;
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
        write_name(file.get(), holder);
        attempt.claim = std::make_unique<FileClaim>(std::move(file));
    } else {
        attempt.holder = read_name(file.get());
    }
    co_return attempt;
}

}  // namespace clinikk::db

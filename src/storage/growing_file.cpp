#include "storage/growing_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "storage/local_files.hpp"

namespace clinikk {
namespace {

/// The bytes that are written and then hashed at a time, while they are in the cache of the processor.
constexpr std::size_t step_bytes = 64UL * 1024;
/// After this many bytes the free space of the disk is checked again.
constexpr std::uint64_t check_bytes = 8UL * 1024 * 1024;

}  // namespace

std::size_t WriteBuffer::fill(std::string_view bytes) {
    if (!space_) space_ = std::make_unique_for_overwrite<char[]>(capacity);
    auto const count = std::min(bytes.size(), capacity - used_);
    std::memcpy(space_.get() + used_, bytes.data(), count);
    used_ += count;
    return count;
}

GrowingFile::GrowingFile(int file, std::uint64_t size, std::uint64_t reserve, std::uint64_t window,
                         std::shared_ptr<Sha256> hash)
    : file_(file), size_(size), reserve_(reserve), window_(window), hash_(std::move(hash)), synced_(size) {}

void GrowingFile::append(std::string_view bytes) {
    if (is_broken_) return;
    is_disk_full_ = is_disk_full_ || !has_room_for(bytes.size());
    while (!bytes.empty() && !is_disk_full_) {
        auto const step = bytes.substr(0, step_bytes);
        is_broken_ = true;
        is_disk_full_ = !write_fully(file_, step, size_);
        is_broken_ = false;
        if (is_disk_full_) return;
        if (hash_) hash_->update(step);
        size_ += step.size();
        bytes.remove_prefix(step.size());
    }
    if (size_ >= synced_ + window_) start_writeback();
}

bool GrowingFile::has_room_for(std::size_t more) {
    if (size_ < next_check_) return true;
    next_check_ = size_ + check_bytes;
    return available_bytes(file_) >= reserve_ + more;
}

/// It is a hint, and harmless where it does not work.
void GrowingFile::start_writeback() {
    ::sync_file_range(file_, static_cast<off_t>(synced_), static_cast<off_t>(size_ - synced_), SYNC_FILE_RANGE_WRITE);
    synced_ = size_;
}

}  // namespace clinikk

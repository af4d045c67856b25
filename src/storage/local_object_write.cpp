#include "storage/local_object_write.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/sha256.hpp"
#include "domain/object_key.hpp"
#include "storage/background_job.hpp"

namespace clinikk {
namespace {

constexpr std::size_t buffer_bytes = 512UL * 1024;
/// The bytes that are hashed and then written at a time, while they are in the cache of the processor.
constexpr std::size_t step_bytes = 64UL * 1024;
/// After this many bytes the disk is told to start writing, and its free space is checked again.
constexpr std::uint64_t window_bytes = 8UL * 1024 * 1024;

/// A buffer between the source and the file. Its memory is allocated for the first byte.
class Buffer {
public:
    /// Takes as much as there is room for. Returns how much.
    std::size_t fill(std::string_view bytes) {
        if (!space_) space_ = std::make_unique_for_overwrite<char[]>(buffer_bytes);
        auto const count = std::min(bytes.size(), buffer_bytes - used_);
        std::memcpy(space_.get() + used_, bytes.data(), count);
        used_ += count;
        return count;
    }

    bool is_full() const noexcept { return used_ == buffer_bytes; }
    std::string_view bytes() const noexcept { return {space_.get(), used_}; }
    void clear() noexcept { used_ = 0; }

private:
    std::unique_ptr<char[]> space_;
    std::size_t used_ = 0;
};

/// The file and what is known about its bytes. One thread at a time touches it: one of the pool, or the coroutine.
class HashedFile {
public:
    HashedFile(std::shared_ptr<StoreDirectories const> directories, std::uint64_t reserve, std::string_view write_id)
        : file(std::move(directories), write_id), reserve_(reserve) {}

    TemporaryFile file;
    std::array<Buffer, 2> buffers;
    bool is_disk_full = false;

    /// Hashes, writes and empties a buffer. Bytes that come after the disk was full are dropped.
    void append(Buffer& buffer) {
        is_disk_full = is_disk_full || !has_room_for(buffer.bytes().size());
        for (auto rest = buffer.bytes(); !rest.empty();) {
            auto const bytes = rest.substr(0, step_bytes);
            hash_.update(bytes);
            is_disk_full = is_disk_full || !write_fully(file.fd(), bytes, size_);
            size_ += bytes.size();
            rest.remove_prefix(bytes.size());
        }
        buffer.clear();
        if (!is_disk_full && size_ >= next_window_) start_writeback();
    }

    StoredBytes finish() {
        buffers = {};
        return {size_, hash_.finish()};
    }

private:
    bool has_room_for(std::size_t more) {
        if (size_ < next_check_) return true;
        next_check_ = size_ + window_bytes;
        return available_bytes(file.fd()) >= reserve_ + more;
    }

    /// Starts writing early, so that the final fdatasync has little left to do. It is a hint, and harmless where it
    /// does not work.
    void start_writeback() {
        ::sync_file_range(file.fd(), static_cast<off_t>(synced_), static_cast<off_t>(size_ - synced_),
                          SYNC_FILE_RANGE_WRITE);
        synced_ = size_;
        next_window_ = size_ + window_bytes;
    }

    std::uint64_t reserve_;
    Sha256 hash_;
    std::uint64_t size_ = 0;
    std::uint64_t next_check_ = 0;
    std::uint64_t synced_ = 0;
    std::uint64_t next_window_ = window_bytes;
};

class LocalObjectWrite final : public ObjectWrite {
public:
    LocalObjectWrite(BlockingPool& pool, std::shared_ptr<HashedFile> file) : pool_(pool), file_(std::move(file)) {}
    LocalObjectWrite(LocalObjectWrite const&) = delete;
    LocalObjectWrite& operator=(LocalObjectWrite const&) = delete;

    ~LocalObjectWrite() override {
        file_->file.discard();
        // Closing the last descriptor of a large unlinked file takes the file system a while.
        if (state_ != State::committed && received_ > window_bytes)
            pool_.post([file = std::move(file_)]() mutable { file.reset(); });
    }

    Task<Result<StoredBytes>> write(ByteSource& source, std::uint64_t max_size) override {
        if (std::exchange(state_, State::failed) != State::fresh) throw std::logic_error("an object is written once");
        auto const copied = co_await copy_from(source, max_size);
        if (!copied) co_return copied.error();
        if (file_->is_disk_full) co_return Error(ErrorCode::insufficient_storage);
        state_ = State::written;
        co_return file_->finish();
    }

    Task<> commit(std::string_view key) override {
        require_object_key(key);
        if (std::exchange(state_, State::failed) != State::written) {
            throw std::logic_error("only an object that is written can be committed");
        }
        auto const work = [this, key] { file_->file.publish(key); };
        co_await pool_.run(work);
        state_ = State::committed;
    }

private:
    enum class State { fresh, written, failed, committed };

    /// Writes the whole source into the file. If this ends early, the pool may still work on one buffer, which the job
    /// owns together with the file.
    /// job owns with the file.
    Task<Result<void>> copy_from(ByteSource& source, std::uint64_t max_size) {
        BackgroundJob writing(pool_);
        std::size_t filling = 0;
        for (;;) {
            auto const piece = co_await source.next();
            if (!piece) co_return piece.error();
            if (piece->empty()) break;
            received_ += piece->size();
            if (received_ > max_size) co_return Error(ErrorCode::upload_too_large);
            for (auto rest = *piece; !rest.empty();) {
                auto& buffer = file_->buffers[filling];
                rest.remove_prefix(buffer.fill(rest));
                if (!buffer.is_full()) continue;
                co_await writing.wait();
                if (file_->is_disk_full) co_return Result<void>();
                writing.start([file = file_, &buffer] { file->append(buffer); });
                filling = 1 - filling;
            }
        }
        co_await writing.wait();
        co_await append_rest(file_->buffers[filling]);
        co_return Result<void>();
    }

    /// Hashing and writing a small file takes less time than a thread of the pool takes to answer.
    Task<> append_rest(Buffer& buffer) {
        auto const work = [this, &buffer] { file_->append(buffer); };
        if (buffer.bytes().empty()) co_return;
        if (received_ < buffer_bytes) {
            work();
        } else {
            co_await pool_.run(work);
        }
    }

    BlockingPool& pool_;
    std::shared_ptr<HashedFile> file_;
    std::uint64_t received_ = 0;
    State state_ = State::fresh;
};

}  // namespace

std::unique_ptr<ObjectWrite> make_local_object_write(std::shared_ptr<StoreDirectories const> directories,
                                                     BlockingPool& pool, std::uint64_t reserve,
                                                     std::string_view write_id) {
    auto file = std::make_shared<HashedFile>(std::move(directories), reserve, write_id);
    return std::make_unique<LocalObjectWrite>(pool, std::move(file));
}

}  // namespace clinikk

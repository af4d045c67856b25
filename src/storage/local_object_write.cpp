#include "storage/local_object_write.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "base/sha256.hpp"
#include "domain/object_key.hpp"
#include "storage/background_job.hpp"
#include "storage/growing_file.hpp"

namespace clinikk {
namespace {

/// After this many bytes the disk is told to start writing.
constexpr std::uint64_t window_bytes = 8UL * 1024 * 1024;

/// The file and what is known about its bytes. One thread at a time touches it: one of the pool, or the coroutine.
class HashedFile {
public:
    HashedFile(std::shared_ptr<StoreDirectories const> directories, std::uint64_t reserve, std::string_view write_id)
        : file(std::move(directories), write_id), end_(file.fd(), 0, reserve, window_bytes, hash_) {}

    TemporaryFile file;
    std::array<WriteBuffer, 2> buffers;

    bool is_disk_full() const noexcept { return end_.is_disk_full(); }

    /// Writes, hashes and empties a buffer. Bytes that come after the disk was full are dropped.
    void append(WriteBuffer& buffer) {
        end_.append(buffer.bytes());
        buffer.clear();
    }

    StoredBytes finish() {
        buffers = {};
        return {end_.size(), hash_->finish()};
    }

private:
    std::shared_ptr<Sha256> hash_ = std::make_shared<Sha256>();
    GrowingFile end_;
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
        if (file_->is_disk_full()) co_return Error(ErrorCode::insufficient_storage);
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
                if (file_->is_disk_full()) co_return Result<void>();
                writing.start([file = file_, &buffer] { file->append(buffer); });
                filling = 1 - filling;
            }
        }
        co_await writing.wait();
        co_await append_rest(file_->buffers[filling]);
        co_return Result<void>();
    }

    /// Hashing and writing a small file takes less time than a thread of the pool takes to answer.
    Task<> append_rest(WriteBuffer& buffer) {
        auto const work = [this, &buffer] { file_->append(buffer); };
        if (buffer.bytes().empty()) co_return;
        if (received_ < WriteBuffer::capacity) {
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

#include "storage/local_object_append.hpp"

#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include "domain/object_key.hpp"
#include "storage/background_job.hpp"
#include "storage/growing_file.hpp"

namespace clinikk {
namespace {

/// After this many bytes the disk is told to start writing. A request may be short, and ends with a sync.
constexpr std::uint64_t window_bytes = 2UL * 1024 * 1024;
/// A request that ended early may leave a thread that still writes its last buffer.
constexpr int max_attempts = 25;
constexpr std::chrono::milliseconds attempt_interval{20};

std::string key_of(std::string_view write_id) { return "objects/" + std::string(write_id); }

void require_write_id(std::string_view id) {
    if (!is_write_id(id)) throw std::invalid_argument("not a write id");
}

std::uint64_t size_of(int file) {
    struct stat status{};
    if (::fstat(file, &status) != 0) throw_errno("fstat");
    return static_cast<std::uint64_t>(status.st_size);
}

/// Cuts off bytes after the first `size`. Returns false when there are fewer.
bool cut_to(int file, std::uint64_t size) {
    auto const found = size_of(file);
    if (found > size && ::ftruncate(file, static_cast<off_t>(size)) != 0) throw_errno("ftruncate");
    return found >= size;
}

/// The file of an append and its end. One thread at a time touches it: one of the pool, or the coroutine.
class AppendedFile {
public:
    AppendedFile(LocalAppendContext const& context, FileDescriptor file, std::uint64_t size,
                 std::shared_ptr<Sha256> hash)
        : directories_(context.directories),
          reserve_(context.reserve),
          file_(std::move(file)),
          hash_(std::move(hash)),
          is_named_durably_(size > 0),
          end_(file_.get(), size, reserve_, window_bytes, hash_) {}

    std::array<WriteBuffer, 2> buffers;
    std::atomic<bool> is_abandoned = false;  ///< nobody waits for what is still to be written

    bool is_disk_full() const noexcept { return end_.is_disk_full(); }

    /// Writes, hashes and empties a buffer.
    void append(WriteBuffer& buffer) {
        if (!is_abandoned) end_.append(buffer.bytes());
        buffer.clear();
    }

    /// Returns the number of bytes that are durable now.
    std::uint64_t sync() {
        if (::fdatasync(file_.get()) != 0) throw_errno("fdatasync");
        if (!std::exchange(is_named_durably_, true)) sync_directory(directories_->temporary.get());
        return end_.size();
    }

    void return_to(std::uint64_t size) {
        for (auto& buffer : buffers) buffer.clear();
        cut_to(file_.get(), size);
        end_ = GrowingFile(file_.get(), size, reserve_, window_bytes, hash_);
    }

private:
    std::shared_ptr<StoreDirectories const> directories_;
    std::uint64_t reserve_;
    FileDescriptor file_;
    std::shared_ptr<Sha256> hash_;
    bool is_named_durably_;
    GrowingFile end_;
};

class LocalObjectAppend final : public ObjectAppend {
public:
    LocalObjectAppend(BlockingPool& pool, std::shared_ptr<AppendedFile> file, AppendState state, std::uint64_t max_size)
        : pool_(pool), writing_(pool), file_(std::move(file)), size_(state.size), saved_(state.size), max_(max_size) {}
    LocalObjectAppend(LocalObjectAppend const&) = delete;
    LocalObjectAppend& operator=(LocalObjectAppend const&) = delete;
    ~LocalObjectAppend() override { file_->is_abandoned = true; }

    Task<Result<void>> write(std::string_view bytes) override {
        if (bytes.size() > max_ - std::min(size_, max_)) co_return Error(ErrorCode::upload_too_large);
        while (!bytes.empty()) {
            auto& buffer = file_->buffers[filling_];
            auto const taken = buffer.fill(bytes);
            bytes.remove_prefix(taken);
            size_ += taken;
            if (!buffer.is_full()) continue;
            co_await wait();
            if (file_->is_disk_full()) co_return tell_of_full_disk();
            writing_.start([file = file_, &buffer] { file->append(buffer); });
            filling_ = 1 - filling_;
        }
        co_return Result<void>();
    }

    /// The rest of the bytes and the sync are one piece of work, so that a short request waits for the pool once.
    Task<Result<AppendState>> save(bool) override {
        co_await wait();
        if (size_ == saved_) co_return AppendState{saved_};
        auto const work = [file = file_, &buffer = file_->buffers[filling_]] {
            file->append(buffer);
            return file->sync();
        };
        is_broken_ = true;
        saved_ = co_await pool_.run(work);
        is_broken_ = false;
        size_ = saved_;
        if (file_->is_disk_full() && !is_full_disk_told_) co_return tell_of_full_disk();
        co_return AppendState{saved_};
    }

    Task<> settle() override { co_return; }

    Task<> discard() override {
        // Why a write failed does not matter any more.
        try {
            co_await writing_.wait();
        } catch (Unavailable const&) {
        }
        auto const work = [file = file_, size = saved_] { file->return_to(size); };
        co_await pool_.run(work);
        size_ = saved_;
        is_full_disk_told_ = is_broken_ = false;
    }

private:
    /// Waits for the buffer that is being written. After a failure nothing more is written or saved, since bytes are
    /// missing.
    Task<> wait() {
        if (is_broken_) throw Unavailable("an earlier write failed");
        is_broken_ = true;
        co_await writing_.wait();
        is_broken_ = false;
    }

    Error tell_of_full_disk() {
        is_full_disk_told_ = true;
        return Error(ErrorCode::insufficient_storage);
    }

    BlockingPool& pool_;
    BackgroundJob writing_;
    std::shared_ptr<AppendedFile> file_;
    std::size_t filling_ = 0;
    std::uint64_t size_;  ///< with what is in the buffers
    std::uint64_t saved_;
    std::uint64_t max_;
    bool is_full_disk_told_ = false;
    bool is_broken_ = false;
};

/// Bytes of a piece, for as long as the descriptor lives, and how many of them are copied.
struct PieceFile {
    FileDescriptor file{};
    std::uint64_t size = 0;
    std::uint64_t copied = 0;
};

class LocalAppendableObjects final : public AppendableObjects {
public:
    explicit LocalAppendableObjects(LocalAppendContext context) : context_(std::move(context)) {}

    Task<Result<std::unique_ptr<ObjectAppend>>> open(std::string_view write_id, AppendState state,
                                                     std::optional<std::uint64_t>, std::uint64_t max_size,
                                                     std::shared_ptr<Sha256> hash) override {
        require_write_id(write_id);
        auto opened = co_await open_file(write_id, state.size);
        if (!opened) co_return opened.error();
        auto file = std::make_shared<AppendedFile>(context_, *std::move(opened), state.size, std::move(hash));
        co_return std::make_unique<LocalObjectAppend>(context_.pool, std::move(file), std::move(state), max_size);
    }

    Task<Result<void>> complete(std::string_view write_id, AppendState const& state) override {
        require_write_id(write_id);
        auto const key = key_of(write_id);
        auto const check = [&] { return is_published(key, state.size); };
        bool const is_complete = co_await context_.pool.run(check);
        if (is_complete) co_return Result<void>();
        auto const opened = co_await open_file(write_id, state.size);
        if (!opened) co_return opened.error();
        auto const publish = [&] {
            publish_temporary(*context_.directories, temporary_name(write_id), opened->get(), key);
        };
        co_await context_.pool.run(publish);
        co_return Result<void>();
    }

    Task<Result<AppendState>> concatenate(std::string_view write_id, std::span<Piece const> pieces,
                                          std::uint64_t max_size) override {
        require_write_id(write_id);
        std::uint64_t total = 0;
        for (auto const& piece : pieces) {
            require_write_id(piece.write_id);
            if (piece.state.size > max_size - total) co_return Error(ErrorCode::upload_too_large);
            total += piece.state.size;
        }
        auto const available = available_bytes(context_.directories->temporary.get());
        if (available < total || available - total < context_.reserve) {
            co_return Error(ErrorCode::insufficient_storage);
        }
        auto target = co_await open_file(write_id, 0);
        if (!target) co_return target.error();
        std::uint64_t size = 0;
        for (auto const& piece : pieces) {
            bool const is_there = co_await append_piece(target->get(), size, piece);
            if (!is_there) {
                remove_temporary(write_id);
                co_return Error(ErrorCode::upload_lost);
            }
            size += piece.state.size;
        }
        auto const sync = [this, &target] {
            if (::fdatasync(target->get()) != 0) throw_errno("fdatasync");
            sync_directory(context_.directories->temporary.get());
        };
        co_await context_.pool.run(sync);
        co_return AppendState{size};
    }

    Task<> remove(std::string_view write_id, AppendState const&) override {
        require_write_id(write_id);
        auto const work = [this, write_id] {
            remove_temporary(write_id);
            context_.remove_object(key_of(write_id));
        };
        co_await context_.pool.run(work);
    }

private:
    void remove_temporary(std::string_view write_id) const {
        auto const name = temporary_name(write_id);
        bool const is_removed = ::unlinkat(context_.directories->temporary.get(), name.c_str(), 0) == 0;
        if (!is_removed && errno != ENOENT) throw_errno("unlinkat");
    }

    /// Opens the temporary file with `size` bytes.
    Task<Result<FileDescriptor>> open_file(std::string_view write_id, std::uint64_t size) {
        auto const work = [this, write_id, size]() -> Result<FileDescriptor> {
            auto opened = reopen_temporary(context_.directories->temporary.get(), write_id, size == 0);
            if (opened.is_busy) return Error(ErrorCode::upload_locked);
            if (!opened.file || !cut_to(opened.file.get(), size)) return Error(ErrorCode::upload_lost);
            return std::move(opened.file);
        };
        for (int attempt = 1;; ++attempt) {
            auto opened = co_await context_.pool.run(work);
            bool const is_busy = !opened && opened.error().code == ErrorCode::upload_locked;
            if (!is_busy || attempt == max_attempts) co_return opened;
            auto const timer = context_.clock.make_timer(co_await boost::asio::this_coro::executor);
            co_await timer->wait(attempt_interval);
        }
    }

    /// Returns whether the object is there with that size. The rename may have been the last thing that a process did.
    bool is_published(std::string const& key, std::uint64_t size) const {
        int const root = context_.directories->root.get();
        auto const found = find_object(root, key);
        if (!S_ISREG(found.status.st_mode) || static_cast<std::uint64_t>(found.status.st_size) != size) return false;
        auto const folder = open_beneath(root, KeyParts(key).folder, O_RDONLY | O_DIRECTORY);
        if (folder) sync_directory(folder->get());
        return folder.has_value();
    }

    /// The bytes of another upload: in its temporary file, or published.
    PieceFile open_piece(Piece const& piece) const {
        auto const name = temporary_name(piece.write_id);
        auto file = open_beneath(context_.directories->temporary.get(), name, O_RDONLY | O_NONBLOCK);
        if (!file) file = open_object(context_.directories->root.get(), key_of(piece.write_id)).file;
        if (!*file || size_of(file->get()) < piece.state.size) return {};
        return {*std::move(file), piece.state.size};
    }

    /// Returns false when bytes of the piece are missing.
    Task<bool> append_piece(int target, std::uint64_t offset, Piece const& piece) {
        if (piece.state.size == 0) co_return true;
        auto source = open_piece(piece);
        if (!source.file) co_return false;
        auto const copy = [&] { return copy_slice(target, offset, source); };
        while (source.copied < source.size) {
            bool const copied = co_await context_.pool.run(copy);
            if (!copied) co_return false;
        }
        co_return true;
    }

    /// Returns false when the file has ended.
    static bool copy_slice(int target, std::uint64_t offset, PieceFile& source) {
        auto const length = std::min<std::uint64_t>(copy_slice_bytes, source.size - source.copied);
        auto from = static_cast<off_t>(source.copied);
        auto to = static_cast<off_t>(offset + source.copied);
        auto const copied = ::copy_file_range(source.file.get(), &from, target, &to, length, 0);
        if (copied < 0 && errno != EINTR) {
            bool const is_refused = errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
            if (!is_refused) throw_errno("copy_file_range");
            return copy_through_memory(target, offset, source);
        }
        source.copied += copied > 0 ? static_cast<std::uint64_t>(copied) : 0;
        return copied != 0;
    }

    /// For file systems that cannot copy.
    static bool copy_through_memory(int target, std::uint64_t offset, PieceFile& source) {
        std::vector<char> space(
            static_cast<std::size_t>(std::min<std::uint64_t>(WriteBuffer::capacity, source.size - source.copied)));
        auto const got = ::pread(source.file.get(), space.data(), space.size(), static_cast<off_t>(source.copied));
        if (got < 0 && errno == EINTR) return true;
        if (got < 0) throw_errno("pread");
        std::string_view const bytes(space.data(), static_cast<std::size_t>(got));
        if (!write_fully(target, bytes, offset + source.copied)) throw OutOfSpace("pwrite");
        source.copied += bytes.size();
        return !bytes.empty();
    }

    LocalAppendContext context_;
};

}  // namespace

std::unique_ptr<AppendableObjects> make_local_appendable_objects(LocalAppendContext context) {
    return std::make_unique<LocalAppendableObjects>(std::move(context));
}

}  // namespace clinikk

#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/async/wakeup.hpp"
#include "unit/service/service_world.hpp"

namespace clinikk::testing {

inline constexpr std::string_view film = "video of nineteen b";

inline UploadDescription film_description(ContentKind kind = ContentKind::video) {
    UploadDescription description;
    description.title = "A title";
    description.content_type = kind;
    description.file_name = "a.mp4";
    description.disposition = "inline";
    return description;
}

inline NewResumableUpload new_upload(std::optional<std::uint64_t> length = film.size()) {
    NewResumableUpload wanted;
    wanted.description = film_description();
    wanted.length = length;
    return wanted;
}

inline NewResumableUpload new_partial(std::uint64_t length) {
    NewResumableUpload wanted;
    wanted.length = length;
    wanted.concat = UploadConcat::partial;
    wanted.concat_field = "partial";
    return wanted;
}

/// The body of a request, in pieces of one size. At its end comes nothing, a failure, or a client that sends nothing
/// more until the request is interrupted.
class RequestBody final : public ByteSource {
public:
    enum class End { clean, cut, stalled };

    explicit RequestBody(std::string_view bytes, End end = End::clean, std::size_t piece = 4)
        : bytes_(bytes), end_(end), piece_(piece) {}

    std::function<Task<>()> before_piece{};
    bool is_stubborn = false;  ///< takes no notice of interruptions

    void interrupt() {
        if (is_stubborn) return;
        is_interrupted_ = true;
        if (wakeup_) wakeup_->wake();
    }
    bool is_interrupted() const { return is_interrupted_; }
    std::size_t left() const { return bytes_.size(); }

    Task<Result<std::string_view>> next() override {
        if (before_piece) co_await before_piece();
        if (is_interrupted_) co_return Error(ErrorCode::upload_interrupted);
        if (bytes_.empty() && end_ == End::clean) co_return std::string_view{};
        if (bytes_.empty() && end_ == End::cut) co_return Error(ErrorCode::bad_request);
        if (bytes_.empty()) {
            wakeup_.emplace(co_await boost::asio::this_coro::executor);
            while (!is_interrupted_) co_await wakeup_->wait();
            wakeup_.reset();  // it must not outlive the loop
            co_return Error(ErrorCode::upload_interrupted);
        }
        current_ = bytes_.substr(0, piece_);
        bytes_.remove_prefix(current_.size());
        co_return std::string_view(current_);
    }

private:
    std::string_view bytes_;
    End end_;
    std::size_t piece_;
    std::string current_;
    std::optional<Wakeup> wakeup_;
    bool is_interrupted_ = false;
};

/// A request that runs beside others on the same loop.
template <class T>
class Beside {
public:
    /// Starts on the executor of the caller.
    static Task<std::shared_ptr<Beside>> start(Task<T> task) {
        auto const started = std::make_shared<Beside>();
        boost::asio::co_spawn(co_await boost::asio::this_coro::executor, run(std::move(task), started),
                              boost::asio::detached);
        co_return started;
    }

    std::optional<T> outcome{};

private:
    static Task<> run(Task<T> task, std::shared_ptr<Beside> self) { self->outcome = co_await std::move(task); }
};

/// An upload and its client, who knows the address only.
struct Client {
    Process& process;
    UploadReference reference{};

    /// Goes on by another process.
    Client by(Process& other) const { return {other, reference}; }

    Task<Result<UploadStatus>> append(RequestBody& body, std::uint64_t offset, std::optional<bool> completes = {},
                                      std::optional<std::uint64_t> length = {}) const {
        Chunk chunk{body, offset, length, completes};
        chunk.interrupt = [&body] { body.interrupt(); };
        co_return co_await process.resumable_uploads.append(reference, std::move(chunk));
    }

    Task<Result<UploadStatus>> append_checked(RequestBody& body, std::uint64_t offset, ChunkChecksum checksum,
                                              std::string algorithm) const {
        Chunk chunk{body, offset};
        chunk.checksum = [checksum]() -> Result<std::optional<ChunkChecksum>> { return std::optional(checksum); };
        chunk.checksum_algorithm = std::move(algorithm);
        co_return co_await process.resumable_uploads.append(reference, std::move(chunk));
    }

    Result<UploadStatus> send(std::string_view bytes, std::uint64_t offset, std::optional<bool> completes = {},
                              std::optional<std::uint64_t> length = {}) const {
        RequestBody body(bytes);
        return run_task(append(body, offset, completes, length));
    }

    Result<UploadStatus> find() const { return run_task(process.resumable_uploads.find(reference)); }
    Result<void> cancel() const { return run_task(process.resumable_uploads.cancel(reference)); }
};

inline Client begin(Process& process, Caller const& owner, NewResumableUpload wanted = new_upload()) {
    auto begun = run_task(process.resumable_uploads.begin(owner, std::move(wanted)));
    if (!begun) throw std::runtime_error(begun.error().detail);
    return {process, {begun->upload.id, begun->right, {}, {}}};
}

template <class T>
ErrorCode code_of(Result<T> const& result) {
    if (!result.has_error()) throw std::runtime_error("there is no error");
    return result.error().code;
}

}  // namespace clinikk::testing

#include "storage/gathered_source.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/async/wakeup.hpp"

namespace clinikk {
namespace {

constexpr std::size_t spans_at_once = 4;
constexpr std::uint64_t longest_gap = 256UL * 1024;

/// The bytes of a body of a remote object.
class TextSource : public ByteSource {
public:
    explicit TextSource(std::string text) : text_(std::move(text)) {}

    Task<Result<std::string_view>> next() override {
        bool const is_done = std::exchange(is_done_, true);
        co_return is_done ? std::string_view() : std::string_view(text_);
    }

private:
    std::string text_;
    bool is_done_ = false;
};

std::unique_ptr<ByteSource> source_of(Body body) {
    if (auto* const source = std::get_if<std::unique_ptr<ByteSource>>(&body)) return std::move(*source);
    return std::make_unique<TextSource>(std::get<std::string>(std::move(body)));
}

}  // namespace

void require_within(ByteRange range, std::uint64_t object_size) {
    if (range.offset > object_size || range.length > object_size - range.offset) {
        throw std::out_of_range("a range that is not in its object");
    }
}

std::vector<FetchedSpan> join_runs(std::vector<ByteRange> const& runs, std::uint64_t gap) {
    std::vector<FetchedSpan> spans;
    for (auto const& run : runs) {
        if (run.length == 0) continue;
        auto const end = spans.empty() ? 0 : spans.back().range.offset + spans.back().range.length;
        bool const is_near = !spans.empty() && run.offset >= end && run.offset - end <= gap;
        if (!is_near) spans.push_back({{run.offset, 0}, {}});
        auto& span = spans.back();
        span.range.length = run.offset + run.length - span.range.offset;
        span.runs.push_back(run);
    }
    return spans;
}

/// A span that is being opened. All of it happens on one thread.
struct GatheredSource::Opening {
    explicit Opening(boost::asio::any_io_executor const& executor) : wakeup(executor) {}

    Wakeup wakeup;
    bool is_done = false;
    std::optional<Body> body{};  ///< none when the object is gone
    std::exception_ptr breakage{};

    static Task<> run(std::shared_ptr<Opening> opening, OpenRange open, ByteRange range) {
        try {
            opening->body = co_await open(range);
        } catch (...) {
            opening->breakage = std::current_exception();
        }
        opening->is_done = true;
        opening->wakeup.wake();
    }
};

GatheredSource::GatheredSource(GatheredBytes bytes, OpenRange open, Log& log)
    : head_(std::move(bytes.head)), lead_(std::move(bytes.lead)), open_(std::move(open)), log_(log) {
    auto spans = join_runs(bytes.runs, longest_gap);
    std::ranges::move(spans, std::back_inserter(spans_));
}

Task<bool> GatheredSource::open_first() {
    if (spans_.empty()) co_return true;
    auto body = co_await open_(spans_.front().range);
    if (!body) co_return false;
    current_ = source_of(std::move(*body));
    position_ = spans_.front().range.offset;
    openings_.push_back(nullptr);
    co_return true;
}

/// Begins to open the spans after the current one.
Task<> GatheredSource::open_ahead() {
    auto const executor = co_await boost::asio::this_coro::executor;
    while (openings_.size() < std::min(spans_at_once, spans_.size())) {
        auto opening = std::make_shared<Opening>(executor);
        auto const range = spans_[openings_.size()].range;
        openings_.push_back(opening);
        boost::asio::co_spawn(executor, Opening::run(std::move(opening), open_, range), boost::asio::detached);
    }
}

Task<Result<std::string_view>> GatheredSource::next() {
    if (!head_.empty()) {
        wanted_ = std::exchange(head_, {});
        co_return std::string_view(wanted_);
    }
    if (lead_) {
        auto const piece = co_await lead_->next();
        if (!piece || !piece->empty()) co_return piece;
        lead_.reset();
    }
    while (!spans_.empty()) {
        auto const piece = co_await next_of_span();
        if (!piece || !piece->empty()) co_return piece;
        spans_.pop_front();
        openings_.pop_front();
        current_.reset();
        run_ = 0;
    }
    co_return std::string_view{};
}

/// The next wanted bytes of the first span; empty when it is done.
Task<Result<std::string_view>> GatheredSource::next_of_span() {
    co_await open_ahead();
    if (!current_) {
        auto const opening = openings_.front();
        while (!opening->is_done) co_await opening->wakeup.wait();
        try {
            if (opening->breakage) std::rethrow_exception(std::exchange(opening->breakage, nullptr));
        } catch (std::exception const& failure) {
            log_.error("object.read_failed", {{"error", failure.what()}});
            co_return Error(ErrorCode::unavailable);
        }
        if (!opening->body) co_return Error(ErrorCode::unavailable);
        current_ = source_of(std::move(*opening->body));
        position_ = spans_.front().range.offset;
    }
    wanted_.clear();
    while (wanted_.empty() && run_ < spans_.front().runs.size()) {
        auto const piece = co_await current_->next();
        if (!piece) co_return piece;
        if (piece->empty()) co_return Error(ErrorCode::unavailable);  // shorter than was asked for
        take_wanted(*piece);
    }
    co_return std::string_view(wanted_);
}

/// Appends what the runs have of the piece, which begins at `position_`.
void GatheredSource::take_wanted(std::string_view piece) {
    auto const& runs = spans_.front().runs;
    auto const end = position_ + piece.size();
    while (run_ < runs.size()) {
        auto const& run = runs[run_];
        auto const from = std::max(run.offset, position_);
        auto const to = std::min(run.offset + run.length, end);
        if (from < to) wanted_ += piece.substr(from - position_, to - from);
        if (run.offset + run.length > end) break;
        ++run_;
    }
    position_ = end;
}

}  // namespace clinikk

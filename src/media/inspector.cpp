#include "media/inspector.hpp"

#include <algorithm>
#include <csignal>
#include <future>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "base/blocking_pool.hpp"
#include "base/file.hpp"
#include "media/big_endian.hpp"
#include "media/box_walker.hpp"
#include "media/confinement.hpp"
#include "media/ffprobe.hpp"
#include "media/probe_file.hpp"
#include "media/sample_tables.hpp"
#include "media/sandbox.hpp"
#include "media/signature.hpp"

namespace clinikk::media {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t max_movie = 64 * mebibyte;

// Covers and fonts may stand before everything else in these.
std::uint64_t head_size(Container container) {
    switch (container) {
        case Container::matroska:
        case Container::flac:
        case Container::ogg:
        case Container::id3: return 32 * mebibyte;
        default: return 4 * mebibyte;
    }
}

// Where the last time stamps tell the duration, several tracks' must be among what is kept.
std::size_t tail_size(Container container) {
    bool const by_time_stamps = container == Container::mpeg_ts || container == Container::mpeg_ps;
    return (by_time_stamps ? 4 : 1) * mebibyte;
}

Error error_for(BoxVerdict verdict) {
    switch (verdict) {
        case BoxVerdict::truncated:
            return {ErrorCode::media_truncated,
                    "The file ends in the middle: a part of it, or its index (moov), is missing."};
        case BoxVerdict::segment:
            return {ErrorCode::media_unsupported, "The file is a streaming segment without its beginning."};
        case BoxVerdict::malformed:
            return {ErrorCode::media_unrecognised, "The file begins like MP4, but its structure is damaged."};
        case BoxVerdict::no_movie:
        case BoxVerdict::complete: break;
    }
    return {ErrorCode::media_unrecognised, "The file has the structure of MP4, but holds neither video nor audio."};
}

class Inspector final : public MediaInspector {
public:
    Inspector(InspectorOptions options, Log& log);
    std::unique_ptr<MediaInspection> begin() override;
    std::string_view confinement() const noexcept override { return to_string(confinement_.get()); }

    BlockingPool& pool() { return pool_; }
    std::filesystem::path const& scratch() const { return options_.scratch; }

    // Runs ffprobe and reads its report. Blocks.
    Result<ProbeReport> probe(Container container, FileDescriptor const& input);

private:
    Confinement detect() const noexcept;

    InspectorOptions options_;
    Log& log_;
    std::string ffprobe_;
    SandboxLauncher launcher_;
    std::shared_future<Confinement> confinement_;
    BlockingPool pool_;
};

class Inspection final : public MediaInspection {
public:
    explicit Inspection(Inspector& inspector) : inspector_(inspector) {}

    void feed(std::string_view bytes) override;
    std::optional<MediaGuess> guess() const override;
    Task<Result<MediaFacts>> finish(ContentKind stated) override;

private:
    template <class Step>
    void unless_full(Step step);
    void take(std::string_view bytes);
    void recognise_head();
    void flow(std::string_view bytes);
    void keep_structure(std::uint64_t head);
    Result<MovieIndex> read_index();
    Result<MediaFacts> examine(ContentKind stated);

    Inspector& inspector_;
    std::string head_;  ///< the first bytes, up to `signature_window`
    std::optional<Result<Container>> container_;
    std::optional<ProbeFile> file_;
    BoxWalker walker_;
    std::size_t boxes_kept_ = 0;
    bool media_kept_ = false;
    bool out_of_space_ = false;
};

/// A disk that is full is the end of this examination and a defect of nothing.
template <class Step>
void Inspection::unless_full(Step step) {
    if (out_of_space_) return;
    try {
        step();
    } catch (std::system_error const& failure) {
        if (!is_out_of_space(failure.code().value())) throw;
        out_of_space_ = true;
        file_.reset();
    }
}

std::string find_ffprobe(std::string const& configured) {
    auto found = find_executable(configured.empty() ? "ffprobe" : configured);
    if (found) return std::move(*found);
    throw std::runtime_error(configured.empty()
                                 ? "ffprobe was not found on PATH: install ffmpeg, or set FFPROBE to its path"
                                 : "FFPROBE: no program can be executed at " + configured + "; install ffmpeg");
}

Inspector::Inspector(InspectorOptions options, Log& log)
    : options_(std::move(options)),
      log_(log),
      ffprobe_(find_ffprobe(options_.ffprobe)),
      launcher_(options_.self_exe),
      pool_(std::max<std::size_t>(options_.concurrency, 1)) {
    std::filesystem::create_directories(options_.scratch);
    // Trying takes tens of milliseconds, which the start need not wait for unless it depends on the outcome.
    confinement_ = std::async(std::launch::async, [this] { return detect(); }).share();
    if (options_.sandbox == SandboxMode::require && confinement_.get() == Confinement::seccomp) {
        throw std::runtime_error(
            "SANDBOX=require: this kernel offers no Landlock, and bubblewrap (bwrap) is not installed or may not "
            "make namespaces here");
    }
}

Confinement Inspector::detect() const noexcept {
    auto found = Confinement::seccomp;
    try {
        found = launcher_.detect();
        log_.info("media.sandbox", {{"confinement", to_string(found)}});
        if (found == Confinement::seccomp) {
            log_.warning("media.sandbox.weak", {{"reason", "neither Landlock nor bubblewrap works here"}});
        }
    } catch (std::exception const& failure) {
        log_.error("media.sandbox.failed", {{"reason", failure.what()}});
    }
    return found;
}

std::unique_ptr<MediaInspection> Inspector::begin() { return std::make_unique<Inspection>(*this); }

// What the sandbox or bubblewrap says of itself is our breakage, and no property of the file.
bool is_sandbox_failure(ChildResult const& result) {
    if (result.end != ChildEnd::exited || result.code == 0) return false;
    bool const reserved = result.code >= static_cast<int>(SandboxExit::refused) &&
                          result.code <= static_cast<int>(SandboxExit::not_found);
    return reserved || result.errors.starts_with("bwrap: ");
}

bool ran_out_of_memory(ChildResult const& result) {
    if (result.end != ChildEnd::exited || result.code == 0) return false;
    constexpr std::string_view ffmpeg_says = "Cannot allocate memory\n";
    return result.code == static_cast<int>(SandboxExit::out_of_memory) || result.errors.ends_with(ffmpeg_says);
}

Result<ProbeReport> Inspector::probe(Container container, FileDescriptor const& input) {
    auto command = launcher_.command(confinement_.get(), ffprobe_, ffprobe_arguments(container), input.get());
    command.deadline = options_.deadline;
    auto const result = run_child(command);
    if (is_sandbox_failure(result)) throw std::runtime_error("ffprobe did not run: " + result.errors);

    // The sandbox tells of a signal as shells do.
    int const signal = result.end == ChildEnd::killed ? result.code : result.code > 128 ? result.code - 128 : 0;
    if (result.end == ChildEnd::timed_out || signal == SIGKILL || signal == SIGXCPU) {
        log_.warning("media.probe.timeout", {{"signal", signal}});
        return Error(ErrorCode::media_probe_timeout, "Reading the file's structure took too long.");
    }
    if (ran_out_of_memory(result)) {
        log_.warning("media.probe.out_of_memory", {{"errors", result.errors}});
        return Error(ErrorCode::media_unsupported, "The file's structure takes more memory to read than it may take.");
    }
    if (result.end == ChildEnd::too_talkative || signal != 0) {
        log_.warning("media.probe.crashed", {{"signal", signal}, {"errors", result.errors}});
        return Error(ErrorCode::media_unsupported, "The file could not be examined: its structure is out of bounds.");
    }
    auto report = result.code == 0 ? read_probe_report(result.output) : std::nullopt;
    if (report) return std::move(*report);
    log_.debug("media.probe.refused", {{"status", result.code}, {"errors", result.errors}});
    return Error(ErrorCode::media_unrecognised,
                 "The file begins like media of a known format, but cannot be read as such.");
}

void Inspection::feed(std::string_view bytes) {
    unless_full([&] { take(bytes); });
}

void Inspection::take(std::string_view bytes) {
    if (!container_) {
        auto const count = std::min(bytes.size(), signature_window - head_.size());
        head_.append(bytes.substr(0, count));
        bytes.remove_prefix(count);
        if (head_.size() < signature_window) return;
        recognise_head();
    }
    flow(bytes);
}

void Inspection::recognise_head() {
    container_ = recognise(head_);
    if (container_->has_error()) return;
    auto const container = container_->value();
    file_.emplace(inspector_.scratch(), head_size(container), tail_size(container));
    flow(head_);
}

void Inspection::flow(std::string_view bytes) {
    if (!file_ || bytes.empty()) return;
    if (container_->value() == Container::iso_media) {
        walker_.feed(bytes);
        keep_structure(head_size(Container::iso_media));
    }
    file_->feed(bytes);
}

// ffprobe follows the boxes, too: it needs every header on the way to the index, the index, and some media.
void Inspection::keep_structure(std::uint64_t head) {
    auto const boxes = walker_.boxes();
    for (; boxes_kept_ < boxes.size(); ++boxes_kept_) {
        auto const& box = boxes[boxes_kept_];
        if (box.offset + box.header_size > head) {
            file_->write_at(box.offset, {box.header.data(), box.header_size});
        }
        if (walker_.movie() && walker_.movie()->offset == box.offset) {
            file_->keep({box.offset, box.offset + (box.to_end ? max_movie : std::min(box.size, max_movie))});
        } else if (box.type == four_cc("mdat") && !media_kept_) {
            file_->keep({box.offset, box.offset + mebibyte});
            media_kept_ = true;
        }
    }
}

MediaGuess guess_by_brand(std::string_view brand) {
    if (brand == "qt  ") return {"video/quicktime", "mov"};
    if (brand == "M4A " || brand == "M4B ") return {"audio/mp4", "m4a"};
    return {"video/mp4", "mp4"};
}

std::optional<MediaGuess> Inspection::guess() const {
    if (!container_ || container_->has_error()) return std::nullopt;
    switch (container_->value()) {
        case Container::iso_media: return guess_by_brand(std::string_view(head_).substr(8, 4));
        case Container::matroska:
            return doc_type(head_) == "webm" ? MediaGuess{"video/webm", "webm"} : MediaGuess{"video/x-matroska", "mkv"};
        case Container::mpeg_ts: return MediaGuess{"video/mp2t", "ts"};
        case Container::mpeg_ps: return MediaGuess{"video/mpeg", "mpg"};
        case Container::avi: return MediaGuess{"video/x-msvideo", "avi"};
        case Container::adts: return MediaGuess{"audio/aac", "aac"};
        case Container::wav: return MediaGuess{"audio/wav", "wav"};
        case Container::flac: return MediaGuess{"audio/flac", "flac"};
        case Container::ogg: return MediaGuess{"audio/ogg", "ogg"};
        case Container::mpeg_audio:
        case Container::id3: return MediaGuess{"audio/mpeg", "mp3"};
    }
    return std::nullopt;
}

Task<Result<MediaFacts>> Inspection::finish(ContentKind stated) {
    if (!container_) unless_full([this] { recognise_head(); });
    if (out_of_space_) co_return Error(ErrorCode::insufficient_storage);
    if (container_->has_error()) co_return container_->error();
    auto work = [this, stated] { return examine(stated); };
    co_return co_await inspector_.pool().run(work);
}

Result<MovieIndex> Inspection::read_index() {
    auto const total = file_->size();
    if (auto const verdict = walker_.finish(total); verdict != BoxVerdict::complete) return error_for(verdict);
    auto const& movie = *walker_.movie();
    Extent const payload{movie.offset + movie.header_size, movie.to_end ? total : movie.offset + movie.size};
    if (payload.size() > max_movie) {
        return Error(ErrorCode::media_unsupported, "The file's index (moov) is larger than 64 MiB.");
    }
    return read_movie_index(*file_, payload, total);
}

Result<MediaFacts> Inspection::examine(ContentKind stated) {
    MediaContext context;
    context.container = container_->value();
    context.size = file_->size();
    context.webm = doc_type(head_) == "webm";
    unless_full([this] { file_->finish(); });
    if (out_of_space_) return Error(ErrorCode::insufficient_storage);
    if (context.container == Container::iso_media) {
        auto const index = read_index();
        if (index.has_error()) return index.error();
        context.encrypted = index->is_encrypted();
        if (index->fragmented) context.fragments_end_ms = fragment_end_ms(walker_.last_fragment(), *index);
    }
    auto const declared = declared_end(context.container, head_);
    if (declared && *declared > context.size) {
        return Error(ErrorCode::media_truncated, "The file is shorter than it says itself: a part of it is missing.");
    }
    auto const report = inspector_.probe(context.container, file_->open_for_reading());
    file_.reset();
    if (report.has_error()) return report.error();
    return judge_media(*report, context, stated);
}

}  // namespace

std::unique_ptr<MediaInspector> make_media_inspector(InspectorOptions options, Log& log) {
    return std::make_unique<Inspector>(std::move(options), log);
}

}  // namespace clinikk::media

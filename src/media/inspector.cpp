#include "media/inspector.hpp"

#include <algorithm>
#include <csignal>
#include <future>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "base/async/blocking_pool.hpp"
#include "base/file.hpp"
#include "media/confinement.hpp"
#include "media/container_names.hpp"
#include "media/ffprobe.hpp"
#include "media/format_walker.hpp"
#include "media/packaging/make_index.hpp"
#include "media/probe_file.hpp"
#include "media/sandbox.hpp"
#include "media/signature.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t mebibyte = 1 << 20;

// Tags and footers at the end. The walkers of these formats ask for all that is needed, or write it again.
std::size_t tail_size(Container container) {
    switch (container) {
        case Container::matroska:
        case Container::mpeg_ts:
        case Container::mpeg_ps:
        case Container::avi: return 0;
        default: return mebibyte;
    }
}

class Inspector final : public MediaInspector {
public:
    Inspector(InspectorOptions options, Log& log);
    std::unique_ptr<MediaInspection> begin() override;
    std::string_view confinement() const noexcept override { return to_string(confinement_.get()); }

    BlockingPool& pool() { return pool_; }
    Log& log() { return log_; }
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
    std::optional<MediaFormat> guess() const override;
    std::optional<Error> refusal() const override;
    Task<Result<MediaFacts>> finish(ContentKind stated) override;
    Task<std::optional<PackagingExamination>> package(Sha256Digest const& sha256) override;

private:
    template <class Step>
    void unless_full(Step step);
    void take(std::string_view bytes);
    void recognise_head();
    void flow(std::string_view bytes);
    Result<MediaFacts> examine(ContentKind stated);
    std::optional<PackagingExamination> make_index(Sha256Digest const& sha256);

    Inspector& inspector_;
    std::string head_;  ///< the first bytes, up to `signature_window`
    std::optional<Result<Container>> container_;
    std::optional<ProbeFile> file_;
    std::unique_ptr<FormatWalker> walker_;
    bool out_of_space_ = false;
};

/// A full disk ends this examination and is not a defect.
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
    // The attempt takes tens of milliseconds, for which the start need not wait unless it depends on the result.
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
        log_.info("sandbox.selected", {{"confinement", to_string(found)}});
        if (found == Confinement::seccomp) {
            log_.warning("sandbox.weakened", {{"reason", "neither Landlock nor bubblewrap works here"}});
        }
    } catch (std::exception const& failure) {
        log_.error("sandbox.failed", {{"reason", failure.what()}});
    }
    return found;
}

std::unique_ptr<MediaInspection> Inspector::begin() { return std::make_unique<Inspection>(*this); }

// A failure of the sandbox or of bubblewrap is our breakage, and not a property of the file.
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

    // The sandbox reports a signal as shells do.
    int const signal = result.end == ChildEnd::killed ? result.code : result.code > 128 ? result.code - 128 : 0;
    if (result.end == ChildEnd::timed_out || signal == SIGKILL || signal == SIGXCPU) {
        log_.warning("probe.timed_out", {{"signal", signal}});
        return Error(ErrorCode::media_probe_timeout, "Reading the file's structure took too long.");
    }
    if (ran_out_of_memory(result)) {
        log_.warning("probe.memory_exceeded", {{"errors", result.errors}});
        return Error(ErrorCode::media_unsupported,
                     "Reading the structure of the file needs more memory than the limit allows.");
    }
    if (result.end == ChildEnd::too_talkative || signal != 0) {
        log_.warning("probe.crashed", {{"signal", signal}, {"errors", result.errors}});
        return Error(ErrorCode::media_unsupported,
                     "The file could not be examined because its structure is invalid or too large.");
    }
    auto report = result.code == 0 ? read_probe_report(result.output) : std::nullopt;
    if (report) return std::move(*report);
    log_.debug("probe.refused", {{"status", result.code}, {"errors", result.errors}});
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
    walker_ = make_walker(container);
    file_.emplace(inspector_.scratch(), tail_size(container));
    flow(head_);
}

void Inspection::flow(std::string_view bytes) {
    if (!file_ || bytes.empty()) return;
    walker_->feed(bytes, *file_);
    file_->feed(bytes);
}

MediaFormat guess_by_brand(std::string_view brand) {
    if (brand == "qt  ") return media_format::mov;
    return brand == "M4A " || brand == "M4B " ? media_format::m4a : media_format::mp4;
}

std::optional<MediaFormat> Inspection::guess() const {
    if (!container_ || container_->has_error()) return std::nullopt;
    auto const container = container_->value();
    if (container == Container::iso_media) return guess_by_brand(std::string_view(head_).substr(8, 4));
    if (container == Container::matroska && doc_type(head_) == "webm") return media_format::webm;
    auto const& names = names_of(container);
    return container == Container::ogg ? names.without_video : names.with_video;
}

std::optional<Error> Inspection::refusal() const {
    if (!container_ || container_->has_value()) return std::nullopt;
    return container_->error();
}

Task<Result<MediaFacts>> Inspection::finish(ContentKind stated) {
    if (!container_) unless_full([this] { recognise_head(); });
    if (out_of_space_) co_return Error(ErrorCode::insufficient_storage);
    if (container_->has_error()) co_return container_->error();
    auto work = [this, stated] { return examine(stated); };
    co_return co_await inspector_.pool().run(work);
}

Result<MediaFacts> Inspection::examine(ContentKind stated) {
    MediaContext context;
    context.container = container_->value();
    context.size = file_->size();
    context.webm = doc_type(head_) == "webm";
    unless_full([this] {
        walker_->end_of_file(*file_);
        file_->finish();
    });
    if (out_of_space_) return Error(ErrorCode::insufficient_storage);
    context.walked = walker_->finish(*file_);
    if (context.walked.refusal) return *context.walked.refusal;
    context.container = context.walked.inner.value_or(context.container);
    file_->end_at(context.walked.end);
    auto const report = inspector_.probe(context.container, file_->open_for_reading());
    if (report.has_error()) return report.error();
    return judge_media(*report, context, stated);
}

Task<std::optional<PackagingExamination>> Inspection::package(Sha256Digest const& sha256) {
    auto work = [this, sha256] { return make_index(sha256); };
    co_return co_await inspector_.pool().run(work);
}

/// The probe file has what the index is made of: the headers of the boxes, the `moov` and the `moof`s.
std::optional<PackagingExamination> Inspection::make_index(Sha256Digest const& sha256) {
    try {
        auto outcome = packaging::make_index(*file_, {file_->size(), sha256});
        file_.reset();
        if (auto* const built = std::get_if<packaging::BuiltIndex>(&outcome)) {
            return PackagingExamination{{Packaging::ready, {}}, std::move(built->bytes)};
        }
        auto& refusal = std::get<packaging::NeedsRendition>(outcome);
        return PackagingExamination{{Packaging::needs_rendition, std::move(refusal.sentence)}, {}};
    } catch (std::exception const& failure) {
        inspector_.log().error("packaging.failed", {{"error", failure.what()}});
        return std::nullopt;
    }
}

}  // namespace

std::unique_ptr<MediaInspector> make_media_inspector(InspectorOptions options, Log& log) {
    return std::make_unique<Inspector>(std::move(options), log);
}

}  // namespace clinikk::media

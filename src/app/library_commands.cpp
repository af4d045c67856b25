#include "app/library_commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string_view>

#include "app/command_context.hpp"
#include "app/process_name.hpp"
#include "app/run_to_end.hpp"
#include "service/backfiller.hpp"
#include "service/collector.hpp"
#include "service/content_service.hpp"
#include "service/mover.hpp"
#include "service/verifier.hpp"

namespace clinikk::app {
namespace {

/// Shows the progress of a long run, on one line of a terminal; without a terminal it shows nothing.
class ProgressLine {
public:
    template <class... Parts>
    void show(Parts const&... parts) const {
        if (!terminal_) return;
        std::cerr << '\r';
        (std::cerr << ... << parts) << ' ' << std::flush;
    }

    void end() const {
        if (terminal_) std::cerr << '\n';
    }

private:
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
};

}  // namespace

int collect_garbage(Settings const& settings, bool dry_run) {
    CommandContext context(settings);
    auto const attempt = run_to_end(context.core.database->collection_lock().try_claim(process_name()));
    if (!attempt.claim) {
        auto const holder = attempt.holder.empty() ? std::string() : " (" + attempt.holder + ')';
        std::cerr << "another process is collecting" << holder << "; try again later\n";
        return 1;
    }
    auto& collector = context.core.collector;
    auto const report = [](std::string_view what, std::string_view name) { std::cout << what << ' ' << name << '\n'; };
    auto found = run_to_end(collector.collect(dry_run, report));
    auto const strays = run_to_end(collector.collect_strays(dry_run, report));
    found.failures += strays.failures;
    auto const missing = run_to_end(collector.find_missing(report));
    run_to_end(attempt.claim->release());
    std::cout << (dry_run ? "would remove " : "removed ") << found.uploads << " uploads, " << found.temporary
              << " temporary files, " << found.deleted << " deleted objects, " << strays.strays << " stray objects\n";
    if (missing > 0) std::cout << missing << " objects are missing from their store\n";
    if (found.failures > 0) std::cout << found.failures << " could not be removed\n";
    return found.failures == 0 ? 0 : 1;
}

int verify_objects(Settings const& settings) {
    CommandContext context(settings);
    Verifier verifier(*context.core.freeing_work, context.core.storage.object_stores());
    ProgressLine const line;
    auto const report = [](std::string_view key, std::string_view fault) { std::cout << key << ' ' << fault << '\n'; };
    auto const progress = [&line](Verification const& so_far) {
        line.show(so_far.objects, " objects, ", so_far.bytes >> 20U, " MiB");
    };
    auto const found = run_to_end(verifier.verify(report, progress));
    line.end();
    std::cout << found.objects << " objects, " << found.bytes << " bytes, " << found.faults << " faults";
    if (found.unread > 0) std::cout << ", " << found.unread << " not yet backfilled";
    std::cout << '\n';
    return found.faults == 0 ? 0 : 1;
}

int backfill_objects(Settings const& settings) {
    CommandContext context(settings);
    auto const inspector = make_inspector(settings, context.log);
    Backfiller backfiller(*context.core.freeing_work, context.core.storage.object_stores(), *inspector,
                          context.core.clock, lease_holder(), context.log);
    ProgressLine const line;
    auto const report = [](std::string_view key, std::string_view why) { std::cout << key << ": " << why << '\n'; };
    auto const progress = [&line](Backfill const& so_far) {
        line.show(so_far.objects, " objects, ", so_far.bytes >> 20U, " MiB");
    };
    auto const done = run_to_end(backfiller.run(report, progress));
    line.end();
    std::cout << "read " << done.objects << " objects, " << done.bytes << " bytes; " << done.failures << " failures\n";
    return done.failures == 0 ? 0 : 1;
}

int copy_objects(Settings const& settings, std::string const& from, std::string const& to) {
    if (from == to) throw SettingError("--from and --to must be two stores");
    CommandContext context(settings);
    Mover mover(*context.core.freeing_work, context.core.storage.object_stores(), context.core.clock, lease_holder(),
                context.log);
    ProgressLine const line;
    auto const report = [](std::string_view key, std::string_view why) { std::cout << key << ' ' << why << '\n'; };
    auto const progress = [&line](Movement const& so_far) {
        constexpr std::uint64_t width = 30;
        // `all_bytes` lacks the sizes that are not known in advance.
        auto const done = std::min(width, so_far.all_bytes == 0 ? width : so_far.bytes * width / so_far.all_bytes);
        line.show('[', std::string(done, '#'), std::string(width - done, '.'), "] ", so_far.objects, " of ",
                  so_far.all_objects, " objects, ", so_far.bytes >> 20U, " MiB");
    };
    auto const moved = run_to_end(mover.copy(from, to, report, progress));
    line.end();
    std::cout << "copied " << moved.objects << " objects, " << moved.bytes << " bytes; " << moved.failures
              << " failures\n";
    return moved.failures == 0 ? 0 : 1;
}

int assign_owner(Settings const& settings, Email const& email, std::optional<std::vector<Uuid>> const& contents) {
    CommandContext context(settings);
    auto& service = context.core.contents;
    auto const done = run_to_end(contents ? service.assign_owner(email, *contents) : service.assign_unowned(email));
    if (!done) {
        std::cerr << done.error().detail << '\n';
        return 1;
    }
    std::cout << *done << (contents ? " contents belong to " : " contents without an owner now belong to ")
              << email.value() << '\n';
    return 0;
}

}  // namespace clinikk::app

// What the bench measures without the service around it. Prints one line of JSON.
//   bench_primitives hash <seconds>                      passwords verified in a second, one after the other
//   bench_primitives tokens <algorithm> <key> <seconds>  microseconds of CPU to verify an access token, first and again

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "security/access_tokens.hpp"
#include "security/password_hasher.hpp"
#include "security/verified_tokens.hpp"
#include "support/run_task.hpp"

namespace {

using namespace clinikk;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Of this process, so far.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void finish(std::string const& numbers, double seconds) {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    std::cout << "{" << numbers << ",\"seconds\":" << seconds << ",\"cpu\":" << cpu_seconds()
              << ",\"peak\":" << used.ru_maxrss * 1024 << "}\n";
}

void measure_hash(double seconds) {
    BlockingPool pool(1);
    auto const hasher = make_password_hasher(pool, PasswordCost{}, 1);
    auto const hash = testing::run_task(hasher->hash("a password for measuring", {})).value();
    long count = 0;
    auto const begin = Clock::now();
    for (; seconds_since(begin) < seconds; ++count) {
        bool const matches = testing::run_task(hasher->verify("a password for measuring", hash, {})).value();
        if (!matches) throw std::runtime_error("the password does not match its hash");
    }
    auto const lasted = seconds_since(begin);
    finish("\"rate\":" + std::to_string(static_cast<double>(count) / lasted), lasted);
}

void verify_all(AccessTokens& tokens, std::vector<std::string> const& texts) {
    for (auto const& text : texts) {
        if (!tokens.verify(text, now())) throw std::runtime_error("a token is refused");
    }
}

/// Microseconds of the processor for one of many tokens, which take turns: what else the machine does counts less.
double time_tokens(AccessTokens& tokens, std::vector<std::string> const& texts, double seconds) {
    long count = 0;
    auto const begin = Clock::now();
    auto const cpu = cpu_seconds();
    for (; seconds_since(begin) < seconds; count += static_cast<long>(texts.size())) verify_all(tokens, texts);
    return (cpu_seconds() - cpu) * 1e6 / static_cast<double>(count);
}

void measure_tokens(std::string const& algorithm, char const* file, double seconds) {
    std::ostringstream key;
    key << std::ifstream(file).rdbuf();
    auto const make = [&] {
        return make_access_tokens({.algorithm = algorithm, .secret_or_private_key_pem = key.str()});
    };
    auto const plain = make();
    auto const remembering = remember_verified(make(), 8192);
    std::vector<std::string> texts;
    for (int i = 0; i < 200; ++i) texts.push_back(plain->issue({new_uuid(), new_uuid()}, now()));
    auto const begin = Clock::now();
    auto const first = time_tokens(*plain, texts, seconds / 2);
    verify_all(*remembering, texts);
    auto const again = time_tokens(*remembering, texts, seconds / 2);
    finish("\"first\":" + std::to_string(first) + ",\"again\":" + std::to_string(again), seconds_since(begin));
}

}  // namespace

int main(int argc, char** argv) try {
    std::string const what = argc > 1 ? argv[1] : "";
    if (what == "hash" && argc == 3) {
        measure_hash(std::atof(argv[2]));
    } else if (what == "tokens" && argc == 5) {
        measure_tokens(argv[2], argv[3], std::atof(argv[4]));
    } else {
        std::cerr << "bench_primitives hash <seconds> | tokens <algorithm> <key file> <seconds>\n";
        return 2;
    }
    return 0;
} catch (std::exception const& failure) {
    std::cerr << "bench_primitives: " << failure.what() << '\n';
    return 1;
}

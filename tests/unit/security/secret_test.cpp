#include "security/secret.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace clinikk {
namespace {

namespace fs = std::filesystem;

class SecretTest : public ::testing::Test {
protected:
    void put(std::string const& text, fs::perms permissions) const {
        std::ofstream(path_) << text;
        fs::permissions(path_, permissions);
    }

    std::string refusal() const {
        try {
            load_or_create_secret(path_);
            return "accepted";
        } catch (std::runtime_error const& error) {
            return error.what();
        }
    }

    testing::TemporaryDirectory owner_;
    fs::path directory_ = owner_.path();
    fs::path path_ = directory_ / "secret";
};

constexpr auto owner_only = fs::perms::owner_read | fs::perms::owner_write;

TEST_F(SecretTest, IsMadeOnceAndKept) {
    auto const made = load_or_create_secret(path_);
    EXPECT_EQ(made.size(), 64U);
    EXPECT_EQ(made.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(fs::status(path_).permissions(), owner_only);
    EXPECT_EQ(load_or_create_secret(path_), made);
    EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1) << "temporary files stay behind";
    EXPECT_NE(load_or_create_secret(directory_ / "other"), made);
}

TEST_F(SecretTest, IsTheSameForAllWhoStartAtOnce) {
    for (int round = 0; round < 20; ++round) {
        std::vector<std::future<std::string>> starts;
        for (int i = 0; i < 8; ++i) {
            starts.push_back(std::async(std::launch::async, [this] { return load_or_create_secret(path_); }));
        }
        std::set<std::string> secrets;
        for (auto& start : starts) secrets.insert(start.get());
        EXPECT_EQ(secrets.size(), 1U);
        fs::remove(path_);
    }
}

TEST_F(SecretTest, TakesAGivenFile) {
    put(std::string(40, 'x') + "\n", owner_only);
    EXPECT_EQ(load_or_create_secret(path_), std::string(40, 'x'));
    fs::permissions(path_, fs::perms::owner_read);
    EXPECT_EQ(load_or_create_secret(path_), std::string(40, 'x'));
}

TEST_F(SecretTest, RefusesAFileThatOthersCanRead) {
    for (auto const extra : {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
        put(std::string(40, 'x'), owner_only | extra);
        EXPECT_NE(refusal().find("can be read or changed by others"), std::string::npos) << refusal();
    }
}

TEST_F(SecretTest, RefusesAShortOne) {
    put(std::string(31, 'x') + "\n", owner_only);
    EXPECT_NE(refusal().find("fewer than 32 bytes"), std::string::npos);
    put("", owner_only);
    EXPECT_NE(refusal().find("fewer than 32 bytes"), std::string::npos);
}

TEST_F(SecretTest, RefusesWhatIsNoFile) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_NE(refusal().find("not a regular file"), std::string::npos);
    path_ = directory_ / "missing" / "secret";
    EXPECT_NE(refusal().find("cannot be made"), std::string::npos) << refusal();
}

}  // namespace
}  // namespace clinikk

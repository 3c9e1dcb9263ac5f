#include "search/candidates/study_notes.h"

#include <gtest/gtest.h>

#include "tests/error_text.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

class StudyNotesTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  StudyFile file_{folder_.path() / "a.study", closed_form_definition(), IfThere::kRefuse, {}};
};

TEST_F(StudyNotesTest, AreAbsentUntilNoted) {
  EXPECT_FALSE(read_notes(file_).data);
  EXPECT_FALSE(read_notes(file_).reference);
  EXPECT_FALSE(read_notes(file_).winner);
}

TEST_F(StudyNotesTest, AreReadAsTheyWereNoted) {
  note_data(file_, "digits (drawn, seed 1)");
  CandidateResult reference;
  reference.network = "dffr:layers=2,width=34";
  reference.infer_cost = 1;
  note_reference(file_, reference);
  note_winner(file_, {3, 0.5});
  note_winner(file_, {4, 0.875, 1200, 3.5e6, std::nullopt, {{0.5, 0.75}, {0.25, 1}}});
  const StudyNotes notes = read_notes(file_);
  EXPECT_EQ(notes.data, "digits (drawn, seed 1)");
  EXPECT_EQ(notes.reference.value().network, "dffr:layers=2,width=34");
  EXPECT_EQ(notes.reference.value().infer_cost, 1);
  EXPECT_FALSE(notes.reference.value().train_cost);
  EXPECT_EQ(notes.winner.value().trial, 4u);
  EXPECT_EQ(notes.winner.value().test_accuracy, 0.875);
  EXPECT_EQ(notes.winner.value().cold_infer_cycles, 1200);
  EXPECT_EQ(notes.winner.value().cold_infer_energy_pj, 3.5e6);
  ASSERT_EQ(notes.winner.value().anew.size(), 2u);
  EXPECT_EQ(notes.winner.value().anew[1].score, 0.25);
  EXPECT_EQ(test_accuracy(notes.winner.value().anew).mean, 0.875);
}

// Studies that earlier programs left have these very names and keys.
TEST_F(StudyNotesTest, LieInTheFileUnderTheirNames) {
  note_data(file_, "digits");
  note_winner(file_, {4, 0.875});
  EXPECT_EQ(file_.note("data"), Json("digits"));
  EXPECT_EQ(file_.note("winner"), Json({{"trial", 4}, {"test_accuracy", 0.875}}));
  EXPECT_FALSE(read_notes(file_).winner.value().cold_infer_energy_pj);
  file_.set_note("reference", {{"network", "dffr"}, {"batch", 32}});
  EXPECT_EQ(read_notes(file_).reference.value().batch, 32u);
}

TEST_F(StudyNotesTest, ErrorsNameTheFileAndTheKey) {
  const std::string file = file_.path().string();
  file_.set_note("winner", {{"trial", 4}});
  EXPECT_EQ(error_text([this] { read_notes(file_); }),
            file + ": is damaged: notes, row winner: found no \"test_accuracy\", wanted one");
  file_.set_note("winner", {{"trial", "four"}, {"test_accuracy", 0.5}});
  EXPECT_EQ(error_text([this] { read_notes(file_); }),
            file + ": is damaged: notes, row winner.trial: found \"four\", wanted an integer");
  file_.set_note("winner", {{"trial", -4}, {"test_accuracy", 0.5}});
  EXPECT_EQ(error_text([this] { read_notes(file_); }),
            file + ": is damaged: notes, row winner.trial: found -4, wanted at least 0");
  file_.set_note("winner", {{"trial", 4}, {"test_accuracy", 0.5}, {"cold_infer_cycles", "many"}});
  EXPECT_EQ(
      error_text([this] { read_notes(file_); }),
      file + ": is damaged: notes, row winner.cold_infer_cycles: found \"many\", wanted a number");
  file_.set_note("winner", {{"trial", 4}, {"test_accuracy", 0.5}, {"anew", {{{"score", 1}}}}});
  EXPECT_EQ(error_text([this] { read_notes(file_); }),
            file + ": is damaged: notes, row winner.anew: found no \"test_accuracy\", wanted one");
  file_.set_note("winner", 7);
  EXPECT_EQ(error_text([this] { read_notes(file_); }),
            file + ": is damaged: notes, row winner: found 7, wanted an object");
  file_.set_note("winner", nullptr);
  EXPECT_EQ(error_text([this] { read_notes(file_); }),
            file + ": is damaged: notes, row winner: found null, wanted an object");
}

}  // namespace
}  // namespace wattgrind

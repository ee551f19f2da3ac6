"""Words are counted as people count them."""

import unittest

from wordcount import count


class Count(unittest.TestCase):
    def test_case_does_not_matter(self) -> None:
        self.assertEqual(count(["The cat and the hat"])["the"], 2)

    def test_an_apostrophe_is_part_of_a_word(self) -> None:
        self.assertEqual(dict(count(["it's"])), {"it's": 1})

    def test_without_words_there_is_nothing(self) -> None:
        self.assertFalse(count(["...", ""]))


if __name__ == "__main__":
    unittest.main()

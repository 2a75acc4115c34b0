//! The records: posts of a social network as JSON, the same ones in every run.
//!
//! Authors and words are drawn by Zipf's law, so that compression has as much to find as in real
//! text and no more: 64 KB LZ4 batches shrink about threefold. (Repetitive payloads flatter
//! every system that keeps batches compressed.)

const AUTHORS: usize = 20_000;
const WORDS: usize = 12_000;
const SYLLABLES: [&str; 40] = [
    "ra", "ten", "lo", "mi", "sha", "con", "ter", "al", "ver", "in", "po", "de", "ma", "ri", "sto",
    "ing", "per", "an", "el", "tion", "ca", "no", "su", "bel", "ou", "fra", "gle", "ny", "wi",
    "har", "qua", "est", "lum", "bo", "dra", "ke", "vis", "jo", "th", "zu",
];

/// A post as a blogging service's API gives it: half of it is the same in every one.
const TEMPLATE: &str = concat!(
    r#"{"object_type":"post","type":"text","original_type":"note","blog_name":"AUTHOR","#,
    r#""blog":{"name":"AUTHOR","title":"","description":"","#,
    r#""url":"https://AUTHOR.posts.example/","uuid":"t:AUTHOR"},"id":NUMBER,"#,
    r#""post_url":"https://AUTHOR.posts.example/post/NUMBER","slug":"","#,
    r#""date":"2025-06-01 12:MINUTE:SECOND GMT","timestamp":STAMP,"state":"published","#,
    r#""format":"html","tags":[TAGS],"note_count":NOTES,"body":"<p>BODY</p>","#,
    r#""can_like":true,"can_reblog":true,"can_reply":true,"is_blocks_post_format":false,"#,
    r#""should_open_in_legacy":true}"#,
);

/// An endless series of posts.
pub struct Posts {
    random: u64,
    words: Vec<String>,
    number: u64,
    text: String,
}

impl Posts {
    /// The series that begins at `seed`.
    pub fn new(seed: u64) -> Self {
        let mut posts = Self { random: seed, words: Vec::new(), number: 0, text: String::new() };
        let words = (0..WORDS).map(|rank| posts.word(rank)).collect();
        posts.words = words;
        posts
    }

    /// The first `count` posts, for writers that are not to spend their time on making them up.
    pub fn first(mut self, count: usize) -> Vec<(String, String)> {
        let next = |_| {
            let (author, text) = self.next_post();
            (author, text.to_owned())
        };
        (0..count).map(next).collect()
    }

    /// The next post: its key (the author, 16 bytes) and its text (about 1,000 bytes).
    pub fn next_post(&mut self) -> (String, &str) {
        self.number += 1;
        let author = format!("author-{:09}", self.zipf(AUTHORS));
        let (tags, body) = (self.tags(), self.body());
        let (number, notes) = (self.number, self.zipf(90_000));
        let (id, second) = (700_000_000_000_000 + number, number / 1_000);
        self.text = TEMPLATE
            .replace("AUTHOR", &author)
            .replace("NUMBER", &id.to_string())
            .replace("MINUTE", &format!("{:02}", second / 60 % 60))
            .replace("SECOND", &format!("{:02}", second % 60))
            .replace("STAMP", &(1_748_779_200 + second).to_string())
            .replace("TAGS", &tags)
            .replace("NOTES", &notes.to_string())
            .replace("BODY", &body);
        (author, &self.text)
    }

    fn body(&mut self) -> String {
        let words = 20 + self.below(100);
        (0..words).map(|_| self.pick()).collect::<Vec<_>>().join(" ")
    }

    fn tags(&mut self) -> String {
        let tags = self.below(4);
        (0..tags).map(|_| format!("\"{}\"", self.pick())).collect::<Vec<_>>().join(",")
    }

    fn pick(&mut self) -> String {
        let word = self.zipf(WORDS);
        self.words[word].clone()
    }

    /// Frequent words are short, as in every language.
    fn word(&mut self, rank: usize) -> String {
        let syllables = 1 + (rank + 2).ilog10() as usize / 2 + self.below(2);
        (0..syllables).map(|_| SYLLABLES[self.below(SYLLABLES.len())]).collect()
    }

    /// A rank below `count`; rank r comes up in proportion to 1/(r+1).
    fn zipf(&mut self, count: usize) -> usize {
        let uniform = self.next() as f64 / u64::MAX as f64;
        ((count as f64).powf(uniform) as usize).clamp(1, count) - 1
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

extension BytePairModel {
  /// Adds the tokens of a word.
  func append(
    _ word: ArraySlice<Unicode.Scalar>, to tokens: inout [Token]
  ) throws(TokenizationError) {
    if takesWholeWords, let token = vocabulary.token(of: String(word)) {
      tokens.append(token)
      return
    }
    tokens += merged(try letters(of: word))
  }

  /// The tokens of a word's single letters.
  private func letters(of word: ArraySlice<Unicode.Scalar>) throws(TokenizationError) -> [Token] {
    var tokens: [Token] = []
    tokens.reserveCapacity(word.count)
    var followsUnknown = false
    for scalar in word {
      if let token = letters[scalar] {
        tokens.append(token)
        followsUnknown = false
      } else if let bytes = bytes(of: scalar) {
        tokens += bytes
        followsUnknown = false
      } else if let unknown {
        if !(fusesUnknown && followsUnknown) { tokens.append(unknown) }
        followsUnknown = true
      } else {
        throw .unencodable(text: scalar.named, inside: String(word))
      }
    }
    return tokens
  }

  /// The byte tokens of a letter, if there are such tokens for all its bytes.
  private func bytes(of letter: Unicode.Scalar) -> [Token]? {
    var tokens: [Token] = []
    for byte in letter.utf8 {
      guard let token = byteTokens[Int(byte)] else { return nil }
      tokens.append(token)
    }
    return tokens
  }

  /// Joins neighbours until no merge is left: always the pair of lowest rank, and of equals the leftmost.
  ///
  /// Words may be whole prompts, so neighbours are a linked list and candidates a heap: O(n log n).
  private func merged(_ letters: [Token]) -> [Token] {
    if letters.count < 2 || merges.isEmpty { return letters }
    var tokens = letters
    // Places of the neighbours; a place that was merged away has itself as its next.
    var next = Array(1...letters.count)
    var previous = Array(-1..<letters.count - 1)
    var queue = MergeQueue()
    func consider(_ left: Int, _ right: Int) {
      guard let merge = merges[Pair(left: tokens[left], right: tokens[right])] else { return }
      queue.insert(MergeQueue.Candidate(rank: merge.rank, place: left, token: merge.token))
    }
    for place in 1..<letters.count { consider(place - 1, place) }

    while let candidate = queue.popFirst() {
      let left = candidate.place
      let right = next[left]
      // A candidate may have gone stale: a neighbour was merged since.
      guard right != left, right < tokens.count,
        merges[Pair(left: tokens[left], right: tokens[right])]?.token == candidate.token
      else { continue }
      tokens[left] = candidate.token
      next[left] = next[right]
      next[right] = right
      if next[left] < tokens.count { previous[next[left]] = left }
      if previous[left] >= 0 { consider(previous[left], left) }
      if next[left] < tokens.count { consider(left, next[left]) }
    }

    var result: [Token] = []
    var place = 0
    while place < tokens.count {
      result.append(tokens[place])
      place = next[place]
    }
    return result
  }
}

package console

// nearest returns the candidate with the fewest edits from name, if it is near enough to be a slip: at
// most a third of its letters. Empty: none is.
func nearest(name string, candidates []string) (best string) {
	fewest := len(name)/3 + 1
	for _, c := range candidates {
		if d := edits(name, c); d <= fewest && (best == "" || d < edits(name, best)) {
			best = c
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

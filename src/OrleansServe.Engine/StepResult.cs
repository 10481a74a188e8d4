namespace OrleansServe.Engine;

/// <summary>What a step yields. Made once and refilled; everything it hands out is valid until the next step that it is passed to.</summary>
public sealed class StepResult
{
    private SampledToken[] _tokens = [];
    private int[] _offsets = [];
    private int[] _sampled = [];
    private int[] _scored = [];
    private int[] _logitRows = [];
    private int[] _rows = [];
    private int[] _topTokens = [];
    private float[] _topLogprobs = [];
    private int _topWidth;
    private ReadOnlyMemory<float> _logits;
    private int _vocabulary;
    private int _totalRows;

    /// <summary>Number of sequences of the plan.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// [tokens of the plan, hidden] states after the final norm (after the MTP layer's norm from a draft pass), in plan order: the
    /// input of the next draft. They live in the engine and are gone with its next call.
    /// </summary>
    public ReadOnlyMemory<float> Hidden { get; internal set; }

    /// <summary>
    /// [hidden] state after the final norm of the <paramref name="row"/>-th token fed of sequence <paramref name="index"/>: what a draft of
    /// the token after next begins with. It lives in the engine and is gone with its next call.
    /// </summary>
    public ReadOnlySpan<float> State(int index, int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, (index + 1 < Count ? _rows[index + 1] : _totalRows) - _rows[index]);
        var width = Hidden.Length / _totalRows;
        return Hidden.Span.Slice((_rows[index] + row) * width, width);
    }

    /// <summary>The token sampled after the last one of sequence <paramref name="index"/>, or its error, or neither where none was asked for.</summary>
    public ref readonly SampledToken this[int index] => ref Token(index, Math.Max(SampledCount(index), 1) - 1);

    /// <summary>Number of tokens sampled for sequence <paramref name="index"/>.</summary>
    public int SampledCount(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return _sampled[index];
    }

    /// <summary>The <paramref name="row"/>-th token sampled for sequence <paramref name="index"/>, in order of position.</summary>
    public ref readonly SampledToken Token(int index, int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Math.Max(SampledCount(index), 1));
        return ref _tokens[_offsets[index] + row];
    }

    /// <summary>Number of given tokens of sequence <paramref name="index"/> that were scored: as many as it has targets.</summary>
    public int ScoredCount(int index)
    {
        _ = SampledCount(index);
        return _scored[index];
    }

    /// <summary>The <paramref name="row"/>-th target of sequence <paramref name="index"/> with its log-probability, or its error.</summary>
    public ref readonly SampledToken Score(int index, int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, ScoredCount(index));
        return ref _tokens[_offsets[index] + ScoreSlot(index, row)];
    }

    /// <summary>[vocabulary] raw logits behind <see cref="Token"/>; they live in the engine and are gone with its next call. Empty where nothing was sampled.</summary>
    public ReadOnlySpan<float> Logits(int index, int row = 0)
    {
        _ = Token(index, row);
        return row < _sampled[index] ? _logits.Span.Slice((_logitRows[index] + row) * _vocabulary, _vocabulary) : [];
    }

    /// <summary>Makes room for the plan's tokens and marks all of them as not sampled.</summary>
    /// <param name="plan">the plan about to be run</param>
    /// <param name="logits">[sampled tokens, vocabulary] where the step puts its logits</param>
    /// <param name="vocabulary">logits per row</param>
    internal void Begin(StepPlan plan, ReadOnlyMemory<float> logits, int vocabulary)
    {
        Count = plan.Count;
        Hidden = default;
        _logits = logits;
        _vocabulary = vocabulary;
        _topWidth = 0;
        var slots = 0;
        for (var i = 0; i < plan.Count; i++)
        {
            slots += Math.Max(plan[i].SampleRows, 1) + plan[i].Targets.Length;
            _topWidth = Math.Max(_topWidth, Math.Max(plan[i].TopLogprobs, plan[i].Targets.IsEmpty ? 0 : plan[i].TargetTopLogprobs));
        }

        Grow(ref _offsets, Count);
        Grow(ref _sampled, Count);
        Grow(ref _scored, Count);
        Grow(ref _logitRows, Count);
        Grow(ref _rows, Count);
        Grow(ref _tokens, slots);
        Grow(ref _topTokens, checked(slots * _topWidth));
        Grow(ref _topLogprobs, checked(slots * _topWidth));

        int slot = 0, logitRow = 0, row = 0;
        for (var i = 0; i < Count; i++)
        {
            _offsets[i] = slot;
            _sampled[i] = plan[i].SampleRows;
            _scored[i] = plan[i].Targets.Length;
            _logitRows[i] = logitRow;
            _rows[i] = row;
            row += plan[i].Tokens.Length;
            logitRow += plan[i].SampleRows;
            slot += SlotsOf(i);
        }

        _totalRows = row;
        _tokens.AsSpan(0, slots).Fill(new SampledToken { Token = -1 });
    }

    /// <summary>The slot of a target among those of its sequence, behind the sampled tokens'; a sampled token's slot is its row.</summary>
    internal int ScoreSlot(int index, int row) => Math.Max(_sampled[index], 1) + row;

    /// <summary>Room for the alternatives of one token, to be filled before <see cref="Set"/>.</summary>
    internal (Memory<int> Tokens, Memory<float> Logprobs) TopSpace(int index, int slot, int count)
    {
        var start = (_offsets[index] + slot) * _topWidth;
        return (_topTokens.AsMemory(start, count), _topLogprobs.AsMemory(start, count));
    }

    internal void Set(int index, int slot, in SampledToken token) => _tokens[_offsets[index] + slot] = token;

    /// <summary>Fails a sequence: every token of it from the given ones on carries the error.</summary>
    /// <param name="index">which sequence</param>
    /// <param name="firstSampled">the first sampled token that fails</param>
    /// <param name="firstScored">the first target that fails</param>
    /// <param name="error">why</param>
    internal void Fail(int index, int firstSampled, int firstScored, string error)
    {
        var slots = _tokens.AsSpan(_offsets[index], SlotsOf(index));
        var scores = ScoreSlot(index, 0);
        slots[firstSampled..scores].Fill(new SampledToken { Token = -1, Error = error });
        slots[(scores + firstScored)..].Fill(new SampledToken { Token = -1, Error = error });
    }

    private int SlotsOf(int index) => Math.Max(_sampled[index], 1) + _scored[index];

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[Math.Max(length, array.Length * 2)];
        }
    }
}

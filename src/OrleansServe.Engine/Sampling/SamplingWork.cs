using OrleansServe.Engine.Threading;
using OrleansServe.Kernels.Elementwise;

namespace OrleansServe.Engine.Sampling;

/// <summary>Turns rows of logits into tokens, drawn or given, with their log-probabilities; a row to a part.</summary>
internal sealed class SamplingWork : ParallelWork
{
    private readonly ComputePool _pool;
    private readonly int _vocabulary;
    private readonly float[] _logits;
    private readonly Sampler[] _samplers;
    private readonly int[] _sequences;
    private readonly int[] _rowsOfSequence;
    private StepBatch? _batch;
    private StepResult? _result;
    private bool _scoring;

    /// <param name="vocabulary">logits per row</param>
    /// <param name="logits">[rows, vocabulary]</param>
    /// <param name="maxRows">most rows</param>
    /// <param name="pool">threads</param>
    public SamplingWork(int vocabulary, float[] logits, int maxRows, ComputePool pool)
    {
        _pool = pool;
        _vocabulary = vocabulary;
        _logits = logits;
        _samplers = new Sampler[pool.Threads];
        for (var i = 0; i < _samplers.Length; i++)
        {
            _samplers[i] = new Sampler(vocabulary);
        }

        _sequences = new int[maxRows];
        _rowsOfSequence = new int[maxRows];
    }

    /// <summary>Rows gathered for the next run.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is room for another row's logits.</summary>
    public bool IsFull => Count == _sequences.Length;

    /// <summary>Gathers a row.</summary>
    /// <param name="sequence">index in the plan</param>
    /// <param name="row">which of its sampled rows, or of its targets</param>
    public void Add(int sequence, int row)
    {
        _sequences[Count] = sequence;
        _rowsOfSequence[Count] = row;
        Count++;
    }

    /// <summary>Samples or scores every row gathered; none is left then.</summary>
    /// <param name="batch">the step</param>
    /// <param name="scoring">whether the rows are targets</param>
    /// <param name="result">receives the tokens</param>
    public void Run(StepBatch batch, bool scoring, StepResult result)
    {
        (_batch, _scoring, _result) = (batch, scoring, result);
        _pool.Run(this, Count);
        Count = 0;
    }

    public override void Execute(int part, int worker)
    {
        var (index, row) = (_sequences[part], _rowsOfSequence[part]);
        var slot = _scoring ? _result!.ScoreSlot(index, row) : row;
        ref readonly var sequence = ref _batch!.Plan[index];
        var logits = _logits.AsSpan(part * _vocabulary, _vocabulary);
        if (NonFinite.Any(logits))
        {
            _result!.Set(index, slot, new SampledToken { Token = -1, Error = "the logits are not finite: the output head produced them" });
            return;
        }

        var sampler = _samplers[worker];
        var token = _scoring ? sequence.Targets.Span[row] : Draw(sampler, sequence, row, logits);
        var (max, logSum) = sampler.Normaliser(logits);
        var top = _scoring ? sequence.TargetTopLogprobs : sequence.TopLogprobs;
        var (ids, logprobs) = _result!.TopSpace(index, slot, Math.Min(top, _vocabulary));
        Sampler.Top(logits, ids.Span);
        for (var i = 0; i < ids.Length; i++)
        {
            logprobs.Span[i] = Logprob(logits[ids.Span[i]], max, logSum);
        }

        _result.Set(index, slot, new SampledToken
        {
            Token = token,
            Logprob = Logprob(logits[token], max, logSum),
            TopTokens = ids,
            TopLogprobs = logprobs,
        });
    }

    private static int Draw(Sampler sampler, in StepSequence sequence, int row, ReadOnlySpan<float> logits)
    {
        // What this row has been fed: with drafts to verify, those before it count as produced.
        var fed = sequence.Tokens.Length - sequence.SampleRows + row + 1;
        var position = sequence.StartPosition + fed;
        var history = new TokenHistory(sequence.History.Span, sequence.Tokens.Span[..fed]);
        return sampler.Sample(logits, sequence.Sampling ?? SamplingParameters.Greedy, position, history);
    }

    private static float Logprob(float logit, float max, double logSum) => (float)((double)logit - max - logSum);
}

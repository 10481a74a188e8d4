using OrleansServe.Engine.Threading;
using OrleansServe.Kernels.Elementwise;

namespace OrleansServe.Engine.Sampling;

/// <summary>Turns rows of logits into tokens, a row to a part.</summary>
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

    /// <summary>Samples every row.</summary>
    /// <param name="batch">the step</param>
    /// <param name="result">receives the tokens</param>
    public void Run(StepBatch batch, StepResult result)
    {
        (_batch, _result) = (batch, result);
        var rows = 0;
        for (var sequence = 0; sequence < batch.Plan.Count; sequence++)
        {
            for (var i = 0; i < batch.Plan[sequence].SampleRows; i++, rows++)
            {
                _sequences[rows] = sequence;
                _rowsOfSequence[rows] = i;
            }
        }

        _pool.Run(this, rows);
    }

    public override void Execute(int part, int worker)
    {
        var (index, row) = (_sequences[part], _rowsOfSequence[part]);
        ref readonly var sequence = ref _batch!.Plan[index];
        var logits = _logits.AsSpan(part * _vocabulary, _vocabulary);
        if (NonFinite.Any(logits))
        {
            _result!.Set(index, row, new SampledToken { Token = -1, Error = "the logits are not finite: the output head produced them" });
            return;
        }

        var position = sequence.StartPosition + sequence.Tokens.Length - sequence.SampleRows + row + 1;
        var sampler = _samplers[worker];
        var token = sampler.Sample(logits, sequence.Sampling ?? SamplingParameters.Greedy, position);
        var (max, logSum) = sampler.Normaliser(logits);
        var (ids, logprobs) = _result!.TopSpace(index, row, Math.Min(sequence.TopLogprobs, _vocabulary));
        Sampler.Top(logits, ids.Span);
        for (var i = 0; i < ids.Length; i++)
        {
            logprobs.Span[i] = Logprob(logits[ids.Span[i]], max, logSum);
        }

        _result.Set(index, row, new SampledToken
        {
            Token = token,
            Logprob = Logprob(logits[token], max, logSum),
            TopTokens = ids,
            TopLogprobs = logprobs,
        });
    }

    private static float Logprob(float logit, float max, double logSum) => (float)((double)logit - max - logSum);
}

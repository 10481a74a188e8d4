using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Probes;
using OrleansServe.Engine.Sampling;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Reductions;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine;

/// <summary>The end of a pass: last norm, logits of the rows that are sampled or scored, tokens, and the errors of rows that are not finite.</summary>
internal sealed class OutputHead
{
    private readonly ModelConfig _config;
    private readonly ComputePool _pool;
    private readonly RowWork _norm;
    private readonly LinearWork _linear;
    private readonly SamplingWork _sampling;
    private readonly float[] _final;
    private readonly float[] _sampled;
    private readonly float[] _logits;
    private StepBatch? _batch;
    private float[] _hidden = [];
    private float[] _weight = [];
    private int _lastLayer;

    public OutputHead(ModelConfig config, int maxRows, int maxSampled, ComputePool pool)
    {
        _config = config;
        _pool = pool;
        _norm = new RowWork(Norm);
        _linear = new LinearWork(pool);
        _final = Buffers.Floats("final states", maxRows, config.HiddenSize);
        _sampled = Buffers.Floats("sampled states", maxSampled, config.HiddenSize);
        _logits = Buffers.Floats("logits", maxSampled, config.VocabSize);
        _sampling = new SamplingWork(config.VocabSize, _logits, maxSampled, pool);
    }

    public ReadOnlyMemory<float> Logits => _logits;

    /// <summary>Fills the result of a pass.</summary>
    /// <param name="norm">[hidden] last norm</param>
    /// <param name="head">[vocabulary, hidden]</param>
    /// <param name="lastLayer">layer that made the states</param>
    /// <param name="batch">the step</param>
    /// <param name="hidden">[rows, hidden] residual stream</param>
    /// <param name="result">begun for the same plan</param>
    /// <param name="probe">sees the normalised states</param>
    public void Finish(
        float[] norm, LinearWeight head, int lastLayer, StepBatch batch, float[] hidden, StepResult result, IStepProbe? probe)
    {
        (_batch, _hidden, _weight, _lastLayer) = (batch, hidden, norm, lastLayer);
        _norm.Run(_pool, batch.Rows);
        probe?.Rows(ProbeStage.FinalNorm, lastLayer, _final.AsSpan(0, batch.Rows * _config.HiddenSize));
        result.Hidden = _final.AsMemory(0, batch.Rows * _config.HiddenSize);

        Score(head, result);
        Sample(head, result);
        ReportFailures(result);
    }

    private void Norm(int first, int end, int worker)
    {
        var width = _config.HiddenSize;
        for (var row = first; row < end; row++)
        {
            var squares = RmsNorm.Execute(_hidden.AsSpan(row * width, width), _weight, _config.RmsNormEps, _final.AsSpan(row * width, width));
            _batch!.Mark(row, _lastLayer, squares);
        }
    }

    // Given tokens come first, as many at a time as there is room for logits: those of the drawn ones are to be there at the end.
    private void Score(LinearWeight head, StepResult result)
    {
        var row = 0;
        for (var i = 0; i < _batch!.Plan.Count; i++)
        {
            ref readonly var sequence = ref _batch.Plan[i];
            for (var j = 0; j < sequence.Targets.Length; j++)
            {
                Gather(i, j, row + j);
                if (_sampling.IsFull)
                {
                    RunGathered(head, scoring: true, result);
                }
            }

            row += sequence.Tokens.Length;
        }

        RunGathered(head, scoring: true, result);
    }

    private void Sample(LinearWeight head, StepResult result)
    {
        var row = 0;
        for (var i = 0; i < _batch!.Plan.Count; i++)
        {
            ref readonly var sequence = ref _batch.Plan[i];
            row += sequence.Tokens.Length;
            for (var j = 0; j < sequence.SampleRows; j++)
            {
                Gather(i, j, row - sequence.SampleRows + j);
            }
        }

        RunGathered(head, scoring: false, result);
    }

    private void Gather(int sequence, int row, int batchRow)
    {
        var width = _config.HiddenSize;
        _final.AsSpan(batchRow * width, width).CopyTo(_sampled.AsSpan(_sampling.Count * width));
        _sampling.Add(sequence, row);
    }

    private void RunGathered(LinearWeight head, bool scoring, StepResult result)
    {
        if (_sampling.Count > 0)
        {
            _linear.From(_sampled, _config.HiddenSize, _sampling.Count).To(head, _logits, _config.VocabSize).Run();
            _sampling.Run(_batch!, scoring, result);
        }
    }

    private void ReportFailures(StepResult result)
    {
        // The first row of a sequence that failed says where it began; what sampling said of the logits only follows from that. Rows
        // before it stand: what came after them may be a wrong draft.
        var failed = -1;
        for (var row = 0; row < _batch!.Rows; row++)
        {
            var layer = _batch.BadLayer[row];
            var sequence = _batch.Sequences[row];
            if (layer != StepBatch.Healthy && sequence != failed)
            {
                failed = sequence;
                var place = layer < 0 ? "the embedding" : $"layer {layer}";
                ref readonly var planned = ref _batch.Plan[sequence];
                var first = _batch.Positions[row] - planned.StartPosition;
                result.Fail(
                    sequence,
                    Math.Max(first - (planned.Tokens.Length - planned.SampleRows), 0),
                    Math.Min(first, planned.Targets.Length),
                    $"numbers are not finite at position {_batch.Positions[row]}: {place} produced them first");
            }
        }
    }
}

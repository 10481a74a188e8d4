using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Reductions;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Mtp;

/// <summary>The MTP layer's input: the next token's embedding and the main model's state, each normalised, side by side, projected.</summary>
/// <remarks>DeepSeek-V3 report, section 2.2; the embedding half comes first, as the checkpoints have it.</remarks>
internal sealed class MtpMerge
{
    private readonly ModelConfig _config;
    private readonly MtpWeights _weights;
    private readonly ComputePool _pool;
    private readonly LinearWork _linear;
    private readonly RowWork _norm;
    private readonly float[] _pairs;
    private StepBatch? _batch;

    public MtpMerge(ModelConfig config, MtpWeights weights, int maxRows, ComputePool pool)
    {
        _config = config;
        _weights = weights;
        _pool = pool;
        _linear = new LinearWork(pool);
        _norm = new RowWork(Norm);
        _pairs = Buffers.Floats("MTP inputs", maxRows, 2L * config.HiddenSize);
    }

    /// <summary>Sets the state that a row's token follows.</summary>
    /// <param name="row">the row</param>
    /// <param name="state">[hidden] after the last norm; empty where it is not known and nothing will come of the row</param>
    public void SetState(int row, ReadOnlySpan<float> state)
    {
        var target = _pairs.AsSpan(((2 * row) + 1) * _config.HiddenSize, _config.HiddenSize);
        if (state.IsEmpty)
        {
            target.Clear();
        }
        else
        {
            state.CopyTo(target);
        }
    }

    /// <summary>Merges the states that have been set with the tokens of the rows.</summary>
    /// <param name="batch">rows and their tokens</param>
    /// <param name="y">[rows, hidden]</param>
    public void Forward(StepBatch batch, float[] y)
    {
        _batch = batch;
        var width = _config.HiddenSize;
        _norm.Run(_pool, batch.Rows);
        _linear.From(_pairs, 2 * width, batch.Rows).To(_weights.Merge, y, width).Run();
    }

    private void Norm(int first, int end, int worker)
    {
        var width = _config.HiddenSize;
        for (var row = first; row < end; row++)
        {
            var embedding = _pairs.AsSpan(2 * row * width, width);
            _weights.Embedding.CopyRow(_batch!.Tokens[row], embedding);
            RmsNorm.Execute(embedding, _weights.EmbeddingNorm, _config.RmsNormEps, embedding);
            var state = _pairs.AsSpan(((2 * row) + 1) * width, width);
            RmsNorm.Execute(state, _weights.HiddenNorm, _config.RmsNormEps, state);
        }
    }
}

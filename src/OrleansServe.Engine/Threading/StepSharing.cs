using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Threading;

/// <summary>
/// Tells steps whose products are worth sharing between threads from those that one thread has done sooner alone. A layer has a dozen products one behind
/// the other: what handing each over costs does not depend on its size, and a thread that is not called is free for others.
/// </summary>
/// <param name="config">the model</param>
/// <param name="smallest">multiply-adds of a step in one layer, in the mean, from which on it is shared</param>
internal sealed class StepSharing(ModelConfig config, long smallest)
{
    private readonly long _linear = Linear(config);
    private readonly long _perPosition = (long)config.NumAttentionHeads * (config.KvWidth + config.KvLoraRank);

    /// <summary>Rows of a step at most that can be too small for sharing.</summary>
    public int MostRowsAlone => (int)Math.Min((smallest - 1) / _linear, int.MaxValue);

    /// <summary>Whether a step is to be shared.</summary>
    /// <param name="batch">its rows</param>
    public bool IsWorthIt(StepBatch batch)
    {
        // Stops early: the sum of a long step need not be known.
        var work = 0L;
        for (var row = 0; row < batch.Rows && work < smallest; row++)
        {
            work += CostOf(batch, row);
        }

        return work >= smallest;
    }

    /// <summary>The row before which half of a step's multiply-adds, or a little less, are done.</summary>
    /// <param name="batch">its rows</param>
    public int Middle(StepBatch batch)
    {
        var all = 0L;
        for (var row = 0; row < batch.Rows; row++)
        {
            all += CostOf(batch, row);
        }

        var before = 0L;
        for (var row = 0; row < batch.Rows; row++)
        {
            before += CostOf(batch, row);
            if (2 * before > all)
            {
                return row;
            }
        }

        return batch.Rows;
    }

    private long CostOf(StepBatch batch, int row) => _linear + (_perPosition * (batch.Positions[row] + 1));

    // Multiply-adds of a row in the matrices of a layer, in the mean of all layers.
    private static long Linear(ModelConfig config)
    {
        long hidden = config.HiddenSize, heads = config.NumAttentionHeads, latent = config.KvLoraRank;
        var query = heads * config.QkHeadDim;
        var attention = (config.QLoraRank is { } rank ? rank * (hidden + query) : hidden * query)
            + (hidden * config.KvWidth)
            + (heads * latent * (config.QkNopeHeadDim + config.VHeadDim))
            + (hidden * heads * config.VHeadDim);
        var mlps = 0L;
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            mlps += 3 * hidden * (config.IsMoeLayer(layer)
                ? ((long)config.NumExpertsPerTok * config.MoeIntermediateSize) + config.SharedIntermediateSize
                : config.IntermediateSize);
        }

        return attention + (mlps / config.NumHiddenLayers);
    }
}

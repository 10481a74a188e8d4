using OrleansServe.Engine.Kv;
using OrleansServe.Grains.Options;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Grains.Workers;

/// <summary>Whether a silo's KV blocks fit its memory: checked before anything is allocated, since a system that is out of memory may end the process without a word.</summary>
internal static class KvMemoryBudget
{
    /// <param name="config">The model.</param>
    /// <param name="options">Workers and their blocks.</param>
    /// <param name="availableBytes">Memory that the process may use.</param>
    /// <exception cref="InsufficientMemoryException">The blocks alone are more; says the numbers.</exception>
    public static void Require(ModelConfig config, WorkerOptions options, long availableBytes)
    {
        Int128 perBlock = (Int128)config.KvLayers * KvLayout.BlockTokens * (config.KvLoraRank + config.QkRopeHeadDim) * sizeof(float);
        int workers = options.PrefillWorkers + options.DecodeWorkers;
        Int128 needed = perBlock * options.KvBlocks * workers;
        if (needed > availableBytes)
        {
            throw new InsufficientMemoryException(
                $"{options.KvBlocks} KV blocks of {perBlock} bytes for each of {workers} workers are {needed >> 20} MiB; this machine has {availableBytes >> 20} MiB");
        }
    }
}

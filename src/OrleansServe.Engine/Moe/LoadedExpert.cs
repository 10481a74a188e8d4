using OrleansServe.Engine.Weights;

namespace OrleansServe.Engine.Moe;

/// <summary>A routed expert's weights and the memory that they lie in, which goes with them.</summary>
internal sealed class LoadedExpert(MlpWeights weights, WeightMemory memory) : IDisposable
{
    public MlpWeights Weights => weights;

    public long Bytes => memory.Bytes;

    public void Dispose() => memory.Dispose();
}

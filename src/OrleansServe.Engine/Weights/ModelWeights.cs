using OrleansServe.Engine.Moe;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Weights;

/// <summary>
/// A model's weights in the form that the engine computes with: in memory of their own, ordered for the products. Immutable, so several
/// engines of a process share one. The embedding table stays in the mapped files: the checkpoint must remain open for as long as the weights are in use.
/// </summary>
public sealed class ModelWeights : IDisposable
{
    private readonly WeightMemory _memory = new();
    private readonly Checkpoint _checkpoint;

    private ModelWeights(Checkpoint checkpoint) => _checkpoint = checkpoint;

    /// <summary>Sizes and kinds of everything.</summary>
    public ModelConfig Config => _checkpoint.Config;

    /// <summary>The routed experts that were loaded; null where none were asked for.</summary>
    public ExpertBank? Experts { get; private set; }

    /// <summary>Whether the MTP layer was loaded.</summary>
    public bool HasMtp => Mtp is not null;

    /// <summary>Bytes allocated beside the mapped files, experts included.</summary>
    public long OwnBytes => _memory.Bytes + (Experts?.OwnBytes ?? 0);

    internal RowWeight Embedding { get; private set; } = null!;

    internal LinearWeight Head { get; private set; } = null!;

    internal float[] FinalNorm { get; private set; } = null!;

    internal LayerWeights[] Layers { get; private set; } = null!;

    internal MtpWeights? Mtp { get; private set; }

    /// <summary>Reads a model's weights.</summary>
    /// <param name="checkpoint">stays the caller's and must outlive the weights</param>
    /// <param name="options">which parts to load; null loads everything</param>
    /// <param name="progress">hears of every tensor</param>
    /// <param name="cancellation">abandons loading</param>
    /// <exception cref="Model.ModelFormatException">A tensor is missing or of another shape or type.</exception>
    /// <exception cref="OperationCanceledException">Loading was abandoned.</exception>
    public static ModelWeights Load(
        Checkpoint checkpoint,
        WeightsOptions? options = null,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        options ??= new WeightsOptions();
        var config = checkpoint.Config;
        var weights = new ModelWeights(checkpoint);
        try
        {
            var tensors = TensorSchema.Enumerate(config).Count(t => t.Role != TensorRole.RoutedExpert);
            weights.Read(new WeightReader(checkpoint, weights._memory, options.Format, tensors, progress, cancellation), config, options.IncludeMtp);
            if (options.IncludeRoutedExperts && config.NRoutedExperts is not null)
            {
                weights.Experts = ExpertBank.Load(checkpoint, options.Experts, options.Format, progress, cancellation);
            }

            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Frees what was allocated. No engine may use the weights afterwards.</summary>
    public void Dispose()
    {
        Experts?.Dispose();
        _memory.Dispose();
    }

    private void Read(WeightReader reader, ModelConfig c, bool mtp)
    {
        Embedding = reader.Table(TensorNames.Embedding, c.VocabSize, c.HiddenSize);
        Head = reader.Linear(reader.HeadName(c), c.VocabSize, c.HiddenSize);
        FinalNorm = reader.Vector(TensorNames.FinalNorm, c.HiddenSize);
        Layers = new LayerWeights[c.NumHiddenLayers];
        for (var layer = 0; layer < Layers.Length; layer++)
        {
            Layers[layer] = LayerWeights.Read(reader, c, layer);
        }

        Mtp = mtp && c.NumNextnPredictLayers > 0 ? MtpWeights.Read(reader, c, Embedding, Head) : null;
    }
}

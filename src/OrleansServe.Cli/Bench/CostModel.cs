using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Cli.Bench;

/// <summary>The arithmetic of a step: what a model's shape makes it read and compute.</summary>
internal sealed class CostModel
{
    private const int KvElementBytes = sizeof(float);

    private readonly ModelConfig _config;
    private readonly double _embeddingRowBytes;
    private readonly double _headElements;
    private readonly double _headBytes;
    private readonly double _denseElements;
    private readonly double _denseBytes;
    private readonly double _expertElements;
    private readonly double _expertBytes;
    private readonly int _moeLayers;

    /// <summary>Adds up a model's main layers; what is drafted with is no part of a step.</summary>
    /// <param name="config">The model.</param>
    /// <param name="elementBytes">Bytes in which the engine keeps an element of a tensor.</param>
    public CostModel(ModelConfig config, Func<TensorRequirement, double> elementBytes)
    {
        _config = config;
        _moeLayers = Enumerable.Range(0, config.NumHiddenLayers).Count(config.IsMoeLayer);
        double routedElements = 0;
        double routedBytes = 0;
        foreach (TensorRequirement tensor in TensorSchema.Enumerate(config).Where(tensor => tensor.Layer < config.NumHiddenLayers))
        {
            double bytes = tensor.Elements * elementBytes(tensor);
            switch (tensor.Role)
            {
                case TensorRole.Embedding:
                    _embeddingRowBytes = bytes / config.VocabSize;
                    break;
                case TensorRole.Head:
                    (_headElements, _headBytes) = (tensor.Elements, bytes);
                    break;
                case TensorRole.RoutedExpert:
                    routedElements += tensor.Elements;
                    routedBytes += bytes;
                    break;
                default:
                    // A norm's vector is read, but is no product.
                    _denseElements += tensor.Shape.Length == 2 ? tensor.Elements : 0;
                    _denseBytes += bytes;
                    break;
            }
        }

        if (_moeLayers > 0)
        {
            double experts = (double)_moeLayers * config.NRoutedExperts!.Value;
            (_expertElements, _expertBytes) = (routedElements / experts, routedBytes / experts);
        }
    }

    /// <summary>
    /// The cost model of an open checkpoint: the engine keeps bf16 as it is and everything else, and every vector, as fp32; or its linears and
    /// its head as bytes with one scale for each output.
    /// </summary>
    public static CostModel Of(Checkpoint checkpoint, WeightFormat format = WeightFormat.Native) => new(checkpoint.Config, tensor =>
        tensor.Shape.Length < 2 ? sizeof(float)
        : format == WeightFormat.Int8 && tensor.Role is (TensorRole.Linear or TensorRole.RoutedExpert or TensorRole.Head) ? sizeof(sbyte) + ((double)sizeof(float) / tensor.Shape[^1])
        : checkpoint.Tensors.GetValueOrDefault(tensor.Name, checkpoint.Tensors[TensorNames.Embedding]).Type == TensorType.Bf16 ? sizeof(ushort)
        : sizeof(float));

    /// <summary>What a step costs at least.</summary>
    public StepCost Of(StepShape step)
    {
        double kvPosition = (double)_config.NumHiddenLayers * _config.KvWidth * KvElementBytes;
        double attendPosition = (double)_config.NumHiddenLayers * _config.NumAttentionHeads * (_config.KvWidth + _config.KvLoraRank);
        double bytes = _denseBytes
            + (step.SampledRows > 0 ? _headBytes : 0)
            + (step.Rows * _embeddingRowBytes)
            + (step.Experts * _expertBytes)
            + (step.CachedPositions * kvPosition);
        double multiplyAdds = (step.Rows * (_denseElements + ((double)_moeLayers * _config.NumExpertsPerTok * _expertElements)))
            + (step.SampledRows * _headElements)
            + (step.AttendedPositions * attendPosition);
        return new StepCost(bytes, multiplyAdds);
    }
}

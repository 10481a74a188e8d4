using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Moe;

/// <summary>
/// Routed experts of some layers: what an expert shard holds. Only their tensors are read, into memory of the bank's own. Immutable and safe for any
/// number of threads.
/// </summary>
public sealed class ExpertBank : IDisposable
{
    private const int ProjectionsPerExpert = 3;
    private readonly WeightMemory _memory = new();

    // By layer and expert; null where the expert is elsewhere.
    private readonly MlpWeights?[][] _experts;

    private ExpertBank(ModelConfig config)
    {
        Config = config;
        _experts = new MlpWeights?[config.KvLayers][];
        for (var layer = 0; layer < _experts.Length; layer++)
        {
            _experts[layer] = config.IsMoeLayer(layer) ? new MlpWeights?[config.NRoutedExperts ?? 0] : [];
        }
    }

    /// <summary>Sizes of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Number of experts held, over all layers.</summary>
    public int Count { get; private set; }

    /// <summary>Floats of scratch memory that <see cref="Forward"/> needs per row.</summary>
    public int ScratchPerRow => checked(2 * Config.MoeIntermediateSize);

    /// <summary>Bytes of memory that the weights take.</summary>
    public long OwnBytes => _memory.Bytes;

    /// <summary>Reads experts.</summary>
    /// <param name="checkpoint">stays the caller's and must outlive the bank</param>
    /// <param name="experts">ids by layer (the MTP layer follows the last main one); null loads all</param>
    /// <param name="format">numbers in which they are kept</param>
    /// <param name="progress">hears of every tensor</param>
    /// <param name="cancellation">abandons loading</param>
    /// <exception cref="ArgumentException">A layer or an expert does not exist.</exception>
    /// <exception cref="Model.ModelFormatException">A tensor is missing or of another shape or type.</exception>
    public static ExpertBank Load(
        Checkpoint checkpoint,
        IReadOnlyDictionary<int, IReadOnlyList<int>>? experts = null,
        WeightFormat format = WeightFormat.Native,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var bank = new ExpertBank(checkpoint.Config);
        try
        {
            experts ??= bank.All();
            var reader = new WeightReader(
                checkpoint, bank._memory, format, ProjectionsPerExpert * experts.Values.Sum(ids => ids.Count), progress, cancellation);
            foreach (var (layer, ids) in experts.OrderBy(pair => pair.Key))
            {
                foreach (var expert in ids)
                {
                    bank.Read(reader, layer, expert);
                }
            }

            return bank;
        }
        catch
        {
            bank.Dispose();
            throw;
        }
    }

    /// <summary>Whether an expert is held here.</summary>
    /// <param name="layer">layer index</param>
    /// <param name="expert">expert id</param>
    public bool Has(int layer, int expert) => Find(layer, expert) is not null;

    /// <summary>Runs one expert on some rows, on the calling thread. Each row's result has the same bits in any company.</summary>
    /// <param name="layer">layer index</param>
    /// <param name="expert">expert id</param>
    /// <param name="rows">[rowCount, hidden] normalised inputs</param>
    /// <param name="rowCount">number of rows</param>
    /// <param name="outputs">[rowCount, hidden]; not <paramref name="rows"/></param>
    /// <param name="scratch">at least rowCount · <see cref="ScratchPerRow"/> floats, overwritten</param>
    /// <exception cref="ExpertUnavailableException">The expert is not held here.</exception>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public void Forward(int layer, int expert, ReadOnlySpan<float> rows, int rowCount, Span<float> outputs, Span<float> scratch)
    {
        var mlp = Get(layer, expert);
        var inner = mlp.Inner;
        if (scratch.Length < (long)rowCount * ScratchPerRow)
        {
            throw new ArgumentException($"{scratch.Length} floats of scratch for {rowCount} rows of {ScratchPerRow}", nameof(scratch));
        }

        var gate = scratch[..(rowCount * inner)];
        var up = scratch.Slice(rowCount * inner, rowCount * inner);
        mlp.Gate.Multiply(rows, Config.HiddenSize, rowCount, 0, inner, gate, inner);
        mlp.Up.Multiply(rows, Config.HiddenSize, rowCount, 0, inner, up, inner);
        SwiGlu.Execute(gate, up, gate);
        mlp.Down.Multiply(gate, inner, rowCount, 0, Config.HiddenSize, outputs, Config.HiddenSize);
    }

    /// <summary>Frees what was allocated. Nothing may use the bank afterwards.</summary>
    public void Dispose() => _memory.Dispose();

    internal MlpWeights Get(int layer, int expert) =>
        Find(layer, expert) ?? throw new ExpertUnavailableException(layer, expert, "it is not loaded here");

    internal bool HoldsAll(int layer) => Array.TrueForAll(_experts[layer], e => e is not null);

    private MlpWeights? Find(int layer, int expert) =>
        (uint)layer < (uint)_experts.Length && (uint)expert < (uint)_experts[layer].Length ? _experts[layer][expert] : null;

    private Dictionary<int, IReadOnlyList<int>> All() =>
        Enumerable.Range(0, _experts.Length)
            .Where(layer => _experts[layer].Length > 0)
            .ToDictionary(layer => layer, layer => (IReadOnlyList<int>)[.. Enumerable.Range(0, _experts[layer].Length)]);

    private void Read(WeightReader reader, int layer, int expert)
    {
        if ((uint)layer >= (uint)_experts.Length || (uint)expert >= (uint)_experts[layer].Length)
        {
            throw new ArgumentException($"expert {expert} of layer {layer} does not exist in a model of {_experts.Length} layers");
        }

        if (_experts[layer][expert] is null)
        {
            _experts[layer][expert] = MlpWeights.Read(
                reader, TensorNames.Expert(layer, expert, ""), Config.HiddenSize, Config.MoeIntermediateSize);
            Count++;
        }
    }
}

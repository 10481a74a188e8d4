using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Moe;

/// <summary>
/// Routed experts of some layers: what an expert shard holds. Only their tensors are read, into memory of the bank's own. One thread may add and remove experts while any
/// number of others compute with the rest.
/// </summary>
public sealed class ExpertBank : IDisposable
{
    private const int ProjectionsPerExpert = 3;

    // An expert's memory is given back with it: blocks of its own, no larger than its matrices unless those are tiny.
    private const long Block = 4096;

    private readonly Checkpoint _checkpoint;
    private readonly WeightFormat _format;

    // By layer and expert; null where the expert is elsewhere.
    private readonly LoadedExpert?[][] _experts;
    private int _count;
    private long _bytes;

    private ExpertBank(Checkpoint checkpoint, WeightFormat format)
    {
        _checkpoint = checkpoint;
        _format = format;
        Config = checkpoint.Config;
        _experts = new LoadedExpert?[Config.KvLayers][];
        for (var layer = 0; layer < _experts.Length; layer++)
        {
            _experts[layer] = Config.IsMoeLayer(layer) ? new LoadedExpert?[Config.NRoutedExperts ?? 0] : [];
        }
    }

    /// <summary>Sizes of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Number of experts held, over all layers.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Floats of scratch memory that <see cref="Forward"/> needs per row.</summary>
    public int ScratchPerRow => checked(2 * Config.MoeIntermediateSize);

    /// <summary>Bytes of memory that the weights take.</summary>
    public long OwnBytes => Interlocked.Read(ref _bytes);

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
        var bank = new ExpertBank(checkpoint, format);
        try
        {
            experts ??= bank.All();
            var sum = new LoadSum(ProjectionsPerExpert * experts.Values.Sum(ids => ids.Count), progress);
            foreach (var (layer, ids) in experts.OrderBy(pair => pair.Key))
            {
                foreach (var expert in ids)
                {
                    bank.Read(layer, expert, sum, cancellation);
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

    /// <summary>Reads one more expert; nothing happens if it is held.</summary>
    /// <param name="layer">layer index</param>
    /// <param name="expert">expert id</param>
    /// <param name="cancellation">abandons loading</param>
    /// <returns>Bytes of memory that it takes; 0 if it was held.</returns>
    /// <exception cref="ArgumentException">The layer or the expert does not exist.</exception>
    /// <exception cref="Model.ModelFormatException">A tensor is missing or of another shape or type.</exception>
    public long Add(int layer, int expert, CancellationToken cancellation = default) => Read(layer, expert, null, cancellation);

    /// <summary>Gives an expert up: it is not found any more.</summary>
    /// <param name="layer">layer index</param>
    /// <param name="expert">expert id</param>
    /// <returns>Its memory, to be disposed of once nobody who found the expert before computes with it any more; null if it is not held.</returns>
    public IDisposable? Remove(int layer, int expert)
    {
        if (Find(layer, expert) is not { } loaded)
        {
            return null;
        }

        Volatile.Write(ref _experts[layer][expert], null);
        Interlocked.Decrement(ref _count);
        Interlocked.Add(ref _bytes, -loaded.Bytes);
        return loaded;
    }

    /// <summary>Ids of the experts of a layer that are held, ascending.</summary>
    /// <param name="layer">layer index</param>
    public IReadOnlyList<int> HeldOf(int layer) =>
        (uint)layer < (uint)_experts.Length ? [.. Enumerable.Range(0, _experts[layer].Length).Where(expert => Has(layer, expert))] : [];

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
    public void Dispose()
    {
        foreach (var expert in _experts.SelectMany(layer => layer))
        {
            expert?.Dispose();
        }
    }

    internal MlpWeights Get(int layer, int expert) =>
        Find(layer, expert)?.Weights ?? throw new ExpertUnavailableException(layer, expert, "it is not loaded here");

    internal bool HoldsAll(int layer) => Array.TrueForAll(_experts[layer], e => e is not null);

    private LoadedExpert? Find(int layer, int expert) =>
        (uint)layer < (uint)_experts.Length && (uint)expert < (uint)_experts[layer].Length ? Volatile.Read(ref _experts[layer][expert]) : null;

    private Dictionary<int, IReadOnlyList<int>> All() =>
        Enumerable.Range(0, _experts.Length)
            .Where(layer => _experts[layer].Length > 0)
            .ToDictionary(layer => layer, layer => (IReadOnlyList<int>)[.. Enumerable.Range(0, _experts[layer].Length)]);

    private long Read(int layer, int expert, LoadSum? sum, CancellationToken cancellation)
    {
        if ((uint)layer >= (uint)_experts.Length || (uint)expert >= (uint)_experts[layer].Length)
        {
            throw new ArgumentException($"expert {expert} of layer {layer} does not exist in a model of {_experts.Length} layers");
        }

        if (Has(layer, expert))
        {
            return 0;
        }

        var memory = new WeightMemory(Block, Block);
        try
        {
            var reader = new WeightReader(_checkpoint, memory, _format, ProjectionsPerExpert, sum, cancellation);
            var weights = MlpWeights.Read(reader, TensorNames.Expert(layer, expert, ""), Config.HiddenSize, Config.MoeIntermediateSize);
            Volatile.Write(ref _experts[layer][expert], new LoadedExpert(weights, memory));
        }
        catch
        {
            memory.Dispose();
            throw;
        }

        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, memory.Bytes);
        return memory.Bytes;
    }

    // Each expert has a reader of its own, which counts from zero.
    private sealed class LoadSum(int tensors, IProgress<LoadProgress>? progress) : IProgress<LoadProgress>
    {
        private int _tensors;
        private long _bytes;
        private long _bytesOfExpert;

        public void Report(LoadProgress value)
        {
            _bytes += value.Bytes - (value.Tensors == 1 ? 0 : _bytesOfExpert);
            _bytesOfExpert = value.Bytes;
            progress?.Report(new LoadProgress(++_tensors, tensors, _bytes));
        }
    }
}

using System.Collections.Immutable;
using OrleansServe.Model.Configuration;
using OrleansServe.Model.NumberFormats;

namespace OrleansServe.Model.Checkpoints;

/// <summary>
/// An open model folder: validated configuration and mapped weights. Reading is safe from any number of threads; disposing is not
/// safe while anybody reads.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private readonly ImmutableArray<SafetensorsFile> _files;
    private readonly Dictionary<string, SafetensorsFile> _filesByName;
    private readonly SortedDictionary<string, TensorInfo> _tensors;
    private readonly TensorReads _reads = new();
    private readonly TensorReads _hashed = new();

    private Checkpoint(string folder, ModelConfig config, ImmutableArray<SafetensorsFile> shards, SortedDictionary<string, TensorInfo> tensors)
    {
        Folder = folder;
        _files = shards;
        _filesByName = shards.ToDictionary(s => s.Name, StringComparer.Ordinal);
        _tensors = tensors;
        TotalBytes = tensors.Values.Sum(t => t.Length);
        Config = WithoutAbsentNextnLayers(config, tensors);
    }

    /// <summary>Full path of the model folder.</summary>
    public string Folder { get; }

    /// <summary>
    /// The configuration. <see cref="ModelConfig.NumNextnPredictLayers"/> is 0 if the checkpoint holds no tensor of those layers,
    /// whatever <c>config.json</c> says: re-exported checkpoints keep the field and drop the layers.
    /// </summary>
    public ModelConfig Config { get; }

    /// <summary>All tensors by name, in ordinal order, whether the model needs them or not.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>Bytes of all tensors together.</summary>
    public long TotalBytes { get; }

    /// <summary>
    /// Bytes of tensors that were read since it was opened, other than to hash them. What was read twice counts twice; a table that stays mapped counts
    /// whole, whichever of its rows are used.
    /// </summary>
    public long BytesRead => _reads.Total;

    /// <summary>Bytes of tensors that were read to compute the fingerprint: none where it was remembered.</summary>
    public long BytesHashed => _hashed.Total;

    /// <summary>The weight files, in ordinal order of names.</summary>
    public ImmutableArray<SafetensorsFile> Files => _files;

    /// <summary>
    /// Opens a model folder: reads <c>config.json</c>, maps <c>model.safetensors</c> or the shards that
    /// <c>model.safetensors.index.json</c> names, and checks that every tensor the configuration calls for is there with the right
    /// shape and type. No weights are read.
    /// </summary>
    /// <param name="folder">The model folder.</param>
    /// <exception cref="ModelFormatException">Anything is missing, damaged or contradictory.</exception>
    public static Checkpoint Open(string folder)
    {
        var root = ModelFolder.Require(folder);
        var config = ModelConfig.Load(root);
        var shards = new List<SafetensorsFile>();
        try
        {
            var tensors = OpenShards(root, shards);
            var checkpoint = new Checkpoint(root, config, [.. shards], tensors);
            TensorSchema.Validate(checkpoint.Config, tensors, root);
            return checkpoint;
        }
        catch
        {
            shards.ForEach(s => s.Dispose());
            throw;
        }
    }

    /// <summary>The bytes of a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ModelFormatException">There is no such tensor.</exception>
    public TensorView GetTensor(string name) => View(name, _reads);

    /// <summary>The bytes that were read of each tensor so far, as in <see cref="BytesRead"/>; tensors that were not read are not listed.</summary>
    public IReadOnlyDictionary<string, long> ReadByTensor() => _reads.ByTensor();

    /// <summary>Checks that a tensor exists and has a shape.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ModelFormatException">It does not exist or has another shape.</exception>
    public TensorInfo Expect(string name, params ReadOnlySpan<long> shape)
    {
        var info = Find(name);
        return info.Shape.AsSpan().SequenceEqual(shape)
            ? info
            : throw new ModelFormatException(
                Path.Combine(Folder, info.File), name, $"must have shape {TensorInfo.FormatShape(shape)}, has {info.ShapeText}");
    }

    /// <summary>Reads a whole tensor as floats; FP8 weights come out multiplied by their block scales, with no further rounding.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>All elements, row major.</returns>
    /// <exception cref="ModelFormatException">It does not exist, is no float tensor, or has more elements than an array.</exception>
    public float[] ReadFloat32(string name)
    {
        var info = Find(name);
        if (info.Elements > Array.MaxLength)
        {
            throw new ModelFormatException(
                Path.Combine(Folder, info.File), name, $"has {info.Elements} elements, at most {Array.MaxLength} are read at once");
        }

        RequireFloat(info);
        var values = new float[info.Elements];
        ReadFloat32(name, values);
        return values;
    }

    /// <summary>Reads a whole tensor as floats; FP8 weights come out multiplied by their block scales, with no further rounding.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="destination">Receives all elements, row major; exactly as long as the tensor.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    /// <exception cref="ModelFormatException">It does not exist or is no float tensor.</exception>
    public void ReadFloat32(string name, Span<float> destination)
    {
        var info = Find(name);
        RequireLength(info.Elements, destination.Length);
        if (info.Elements == 0)
        {
            RequireFloat(info);
            return;
        }

        // A tensor that fits a span has fewer rows than that.
        ReadFloat32Rows(name, 0, (int)info.Rows, destination);
    }

    /// <summary>Reads rows (indices of the outermost dimension) of a tensor as floats, as <see cref="ReadFloat32(string)"/> does.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="destination">Receives the elements, row major; exactly as long as the rows.</param>
    /// <exception cref="ArgumentException">The destination has another length, or the rows are not inside the tensor.</exception>
    /// <exception cref="ModelFormatException">It does not exist or is no float tensor.</exception>
    public void ReadFloat32Rows(string name, long first, int count, Span<float> destination)
    {
        var info = Find(name);
        RequireFloat(info);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, info.Rows - count);
        RequireLength(count * info.Columns, destination.Length);
        var tensor = GetTensor(name);
        var columns = (int)info.Columns;
        var rowBytes = columns * (long)TensorTypes.ElementSize(info.Type);

        // Pieces of at most 2^30 bytes: a float tensor of 2^31 - 1 elements has more bytes than a span can address.
        var step = (int)Math.Clamp((1L << 30) / Math.Max(rowBytes, 1), 1, int.MaxValue);
        for (var done = 0; done < count; done += Math.Min(step, count - done))
        {
            var rows = Math.Min(step, count - done);
            FloatDecoder.Decode(info.Type, tensor.Rows(first + done, rows), destination.Slice(done * columns, rows * columns));
        }

        if (info.Type == TensorType.F8E4M3)
        {
            BlockScales.Apply(GetTensor(TensorNames.Scale(name)), Config.Quantization!, first, columns, destination);
        }
    }

    /// <summary>Unmaps the files. Views and spans taken from this checkpoint must not be used afterwards.</summary>
    public void Dispose()
    {
        foreach (var shard in _files)
        {
            shard.Dispose();
        }
    }

    internal TensorView GetTensorToHash(string name) => View(name, _hashed);

    private TensorView View(string name, TensorReads reads)
    {
        var info = Find(name);
        return new TensorView(_filesByName[info.File], info, reads.Of(name));
    }

    private TensorInfo Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _tensors.TryGetValue(name, out var info) ? info : throw new ModelFormatException(Folder, name, "is missing");
    }

    private void RequireFloat(TensorInfo info)
    {
        var problem = info.Type switch
        {
            TensorType.F8E4M3 when Config.Quantization is null => "is F8_E4M3, but config.json has no quantization_config with quant_method fp8",
            TensorType.F8E4M3 => FindScaleFault(info, Config.Quantization),
            _ when TensorTypes.IsFloat(info.Type) => null,
            _ => $"must be BF16, F16, F32 or F8_E4M3, is {info.TypeName}",
        };
        if (problem is not null)
        {
            throw new ModelFormatException(Path.Combine(Folder, info.File), info.Name, problem);
        }
    }

    // Tensors the model does not need are not checked when the folder is opened, so a stray FP8 tensor is checked here.
    private string? FindScaleFault(TensorInfo info, Fp8Quantization fp8)
    {
        if (info.Shape.Length != 2)
        {
            return $"is F8_E4M3 with shape {info.ShapeText}, only matrices have block scales";
        }

        var (rows, columns) = fp8.ScaleShape(info.Shape[0], info.Shape[1]);
        return _tensors.TryGetValue(TensorNames.Scale(info.Name), out var scale)
            && scale.Type is TensorType.F32 or TensorType.Bf16 or TensorType.F16
            && scale.Shape.AsSpan().SequenceEqual([rows, columns])
            ? null
            : $"has no {TensorNames.Scale(info.Name)} of floats with shape [{rows}, {columns}]";
    }

    private static void RequireLength(long elements, int length)
    {
        if (elements != length)
        {
            throw new ArgumentException($"The destination must hold {elements} elements, it holds {length}.", nameof(length));
        }
    }

    private static ModelConfig WithoutAbsentNextnLayers(ModelConfig config, SortedDictionary<string, TensorInfo> tensors)
    {
        for (var layer = config.NumHiddenLayers; layer < config.TotalLayers; layer++)
        {
            var prefix = TensorNames.Layer(layer, "");
            if (tensors.Keys.Any(name => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                return config;
            }
        }

        return config with { NumNextnPredictLayers = 0 };
    }

    private static SortedDictionary<string, TensorInfo> OpenShards(string root, List<SafetensorsFile> shards)
    {
        var tensors = new SortedDictionary<string, TensorInfo>(StringComparer.Ordinal);
        var single = Path.Combine(root, ModelFolder.SingleWeights);
        var indexPath = Path.Combine(root, ModelFolder.WeightsIndex);
        if (File.Exists(single))
        {
            shards.Add(SafetensorsFile.Open(single));
            foreach (var tensor in shards[0].Tensors)
            {
                tensors.Add(tensor.Name, tensor);
            }

            return tensors;
        }

        if (!File.Exists(indexPath))
        {
            throw new ModelFormatException(root, "weights", $"neither {ModelFolder.SingleWeights} nor {ModelFolder.WeightsIndex} is there");
        }

        var index = ShardIndex.Read(indexPath);
        foreach (var name in index.Values.Distinct().Order(StringComparer.Ordinal))
        {
            var shard = SafetensorsFile.Open(Path.Combine(root, name));
            shards.Add(shard);
            foreach (var tensor in shard.Tensors)
            {
                if (!index.TryGetValue(tensor.Name, out var owner) || owner != name)
                {
                    throw new ModelFormatException(
                        indexPath, tensor.Name, $"is in {name}, but the index says {(owner is null ? "nothing of it" : owner)}");
                }

                tensors.Add(tensor.Name, tensor);
            }
        }

        foreach (var (name, shard) in index)
        {
            if (!tensors.ContainsKey(name))
            {
                throw new ModelFormatException(indexPath, name, $"should be in {shard}, which does not hold it");
            }
        }

        return tensors;
    }
}

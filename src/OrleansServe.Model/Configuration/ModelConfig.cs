using System.Collections.Immutable;
using OrleansServe.Model.Json;

namespace OrleansServe.Model.Configuration;

/// <summary>
/// Architecture and sizes of a DeepSeek-V2 or -V3 model, as in HuggingFace's <c>config.json</c>. An instance that came from
/// <see cref="Load"/> or passed <see cref="Validate"/> has sizes whose products fit: no tensor has more than
/// <see cref="ModelLimits.TensorElements"/> elements.
/// </summary>
public sealed record ModelConfig
{
    /// <summary><see cref="ModelType"/> of DeepSeek-V2, V2-Lite and V2.5.</summary>
    public const string DeepseekV2 = "deepseek_v2";

    /// <summary><see cref="ModelType"/> of DeepSeek-V3, R1, V3.1 and Moonlight.</summary>
    public const string DeepseekV3 = "deepseek_v3";

    /// <summary><see cref="DeepseekV2"/> or <see cref="DeepseekV3"/>.</summary>
    public required string ModelType { get; init; }

    /// <summary>Token ids run from 0 to this, exclusive.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Inner width of a dense feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Inner width of one expert.</summary>
    public required int MoeIntermediateSize { get; init; }

    /// <summary>Decoder layers of the main model; next-token prediction layers are numbered from here on.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>Next-token prediction (MTP) layers after the main ones.</summary>
    public int NumNextnPredictLayers { get; init; }

    /// <summary>Attention heads; every head has its own keys and values.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>Rank of the query compression; null where queries are projected in one step.</summary>
    public required int? QLoraRank { get; init; }

    /// <summary>Width of the cached latent.</summary>
    public required int KvLoraRank { get; init; }

    /// <summary>Part of a query or key head without position.</summary>
    public required int QkNopeHeadDim { get; init; }

    /// <summary>Part of a query or key head that is rotated; its key is shared by all heads. Even.</summary>
    public required int QkRopeHeadDim { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int VHeadDim { get; init; }

    /// <summary>Routed experts of a mixture-of-experts layer; null if every layer is dense.</summary>
    public required int? NRoutedExperts { get; init; }

    /// <summary>Shared experts, stored as one feed-forward layer of their common width; may be 0.</summary>
    public required int NSharedExperts { get; init; }

    /// <summary>Routed experts each token goes to; 0 if every layer is dense.</summary>
    public required int NumExpertsPerTok { get; init; }

    /// <summary>Groups the routed experts are divided into.</summary>
    public required int NGroup { get; init; }

    /// <summary>Groups a token may choose experts from.</summary>
    public required int TopkGroup { get; init; }

    /// <summary>Number of leading layers that are dense.</summary>
    public required int FirstKDenseReplace { get; init; }

    /// <summary>After the leading dense layers, every layer whose index this divides has experts.</summary>
    public int MoeLayerFreq { get; init; } = 1;

    /// <summary>Factor on the routed experts' sum, after any normalisation; the shared expert is not scaled.</summary>
    public required float RoutedScalingFactor { get; init; }

    /// <summary>How router logits become scores.</summary>
    public required ScoringFunction ScoringFunction { get; init; }

    /// <summary>How experts are chosen.</summary>
    public required TopkMethod TopkMethod { get; init; }

    /// <summary>Whether the chosen experts' weights are divided by their sum.</summary>
    public required bool NormTopkProb { get; init; }

    /// <summary>Epsilon of the layer norms and the final norm; the norms of query rank and latent use 1e-6 whatever this is.</summary>
    public float RmsNormEps { get; init; } = 1e-6f;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Context extension; null for plain rotary embedding.</summary>
    public YarnScaling? RopeScaling { get; init; }

    /// <summary>Longest context in tokens, prompt and output together.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>Whether the output head is the embedding matrix.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Token that begins a text; null if there is none.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a generation, ascending, from <c>config.json</c> and <c>generation_config.json</c> together.</summary>
    public ImmutableArray<int> EosTokenIds { get; init; } = [];

    /// <summary>Padding token; null if there is none.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Activation of the feed-forward layers; always <c>silu</c>.</summary>
    public string HiddenAct { get; init; } = "silu";

    /// <summary>How linear weights are quantised; null if they are stored as plain floats.</summary>
    public Fp8Quantization? Quantization { get; init; }

    /// <summary>Main and next-token prediction layers together.</summary>
    public int TotalLayers => NumHiddenLayers + NumNextnPredictLayers;

    /// <summary>Layers that an engine keeps KV for: the main ones and the first of the next-token prediction layers, with which it drafts.</summary>
    public int KvLayers => NumHiddenLayers + Math.Min(NumNextnPredictLayers, 1);

    /// <summary>Width of a query or key head.</summary>
    public int QkHeadDim => QkNopeHeadDim + QkRopeHeadDim;

    /// <summary>Floats cached per token and layer: the latent and the shared rotary key.</summary>
    public int KvWidth => KvLoraRank + QkRopeHeadDim;

    /// <summary>Inner width of the shared experts' common feed-forward layer; 0 if there are none.</summary>
    public int SharedIntermediateSize => NSharedExperts * MoeIntermediateSize;

    /// <summary>Whether any main layer has routed experts.</summary>
    public bool HasMoeLayers => Enumerable.Range(0, NumHiddenLayers).Any(IsMoeLayer);

    /// <summary>Reads and validates <c>config.json</c>, and the end-of-sequence ids of <c>generation_config.json</c> if that exists.</summary>
    /// <param name="folder">The model folder.</param>
    /// <returns>The validated configuration.</returns>
    /// <exception cref="ModelFormatException">A file is missing or unreadable, or fields are wrong; all of them are listed.</exception>
    public static ModelConfig Load(string folder)
    {
        var root = ModelFolder.Require(folder);
        var path = Path.Combine(root, ModelFolder.Config);
        var generationPath = Path.Combine(root, ModelFolder.GenerationConfig);
        var config = JsonFile.ReadBytes(path, ModelConfigReader.MaxFileBytes);
        return File.Exists(generationPath)
            ? ModelConfigReader.Read(config, path, JsonFile.ReadBytes(generationPath, ModelConfigReader.MaxFileBytes), generationPath)
            : ModelConfigReader.Read(config, path, null, generationPath);
    }

    /// <summary>Reads and validates the text of a <c>config.json</c>.</summary>
    /// <param name="json">UTF-8 JSON.</param>
    /// <param name="file">What errors call the file.</param>
    /// <returns>The validated configuration.</returns>
    /// <exception cref="ModelFormatException">The text is no such JSON, or fields are wrong; all of them are listed.</exception>
    public static ModelConfig Parse(ReadOnlyMemory<byte> json, string file = ModelFolder.Config) =>
        ModelConfigReader.Read(json, file, null, ModelFolder.GenerationConfig);

    /// <summary>Checks ranges, products and relations between fields, for configurations made in code.</summary>
    /// <param name="file">What errors call the configuration.</param>
    /// <returns>This instance.</returns>
    /// <exception cref="ModelFormatException">Fields are wrong; all of them are listed.</exception>
    public ModelConfig Validate(string file = ModelFolder.Config)
    {
        var faults = new List<string>();
        ModelConfigRules.Check(this, faults);
        ThrowIfAny(faults, file);
        return this;
    }

    /// <summary>Whether a layer has routed experts; the others are dense.</summary>
    /// <param name="layer">Layer index, next-token prediction layers included.</param>
    public bool IsMoeLayer(int layer) => NRoutedExperts is not null && layer >= FirstKDenseReplace && layer % MoeLayerFreq == 0;

    /// <summary>Whether a layer is a next-token prediction layer.</summary>
    /// <param name="layer">Layer index.</param>
    public bool IsNextnLayer(int layer) => layer >= NumHiddenLayers && layer < TotalLayers;

    internal static void ThrowIfAny(List<string> faults, string file)
    {
        if (faults.Count > 0)
        {
            var first = faults[0];
            var colon = first.IndexOf(':', StringComparison.Ordinal);
            throw new ModelFormatException(file, colon < 0 ? first : first[..colon], [.. faults]);
        }
    }
}

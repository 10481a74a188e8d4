using System.Security.Cryptography;
using System.Text;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Model.Checkpoints;

/// <summary>
/// What cached keys and values mean. Two workers may exchange KV blocks, and a block on disk may be used, only where this is equal:
/// same weights, same reading of them, same dimensions, same number format, same engine arithmetic.
/// </summary>
public sealed record KvFormat
{
    /// <summary>Counts changes of the arithmetic or layout that make cached KV of before useless. Part of the hash.</summary>
    public const int Version = 2;

    /// <summary>Describes the KV of a model.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="config">Their configuration. All of it that bears on a layer's output is hashed, not only the dimensions.</param>
    /// <param name="layers">Layers with KV, next-token prediction layers included where the engine keeps KV for them.</param>
    /// <param name="numberFormat">How numbers are stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 1 or more layers than the model has, or the format is unknown.</exception>
    public KvFormat(WeightsFingerprint weights, ModelConfig config, int layers, KvNumberFormat numberFormat = KvNumberFormat.F32)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(layers, config.TotalLayers);
        Weights = weights;
        Layers = layers;
        LatentWidth = config.KvLoraRank;
        RopeWidth = config.QkRopeHeadDim;
        NumberFormat = numberFormat;
        NumberBytes = BytesOf(numberFormat);
        Hex = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(config))));
    }

    /// <summary>The weights.</summary>
    public WeightsFingerprint Weights { get; }

    /// <summary>Layers with KV.</summary>
    public int Layers { get; }

    /// <summary>Numbers of the latent per token and layer.</summary>
    public int LatentWidth { get; }

    /// <summary>Numbers of the rope key per token and layer.</summary>
    public int RopeWidth { get; }

    /// <summary>How numbers are stored.</summary>
    public KvNumberFormat NumberFormat { get; }

    /// <summary>Bytes of one number.</summary>
    public int NumberBytes { get; }

    /// <summary>Bytes of KV per token over all layers.</summary>
    public long BytesPerToken => (long)Layers * (LatentWidth + RopeWidth) * NumberBytes;

    /// <summary>The fingerprint: 64 lower-case hexadecimal digits.</summary>
    public string Hex { get; }

    /// <summary>The fingerprint: 32 bytes.</summary>
    public byte[] ToBytes() => Convert.FromHexString(Hex);

    /// <inheritdoc/>
    public override string ToString() => Hex;

    internal static int BytesOf(KvNumberFormat format) => format switch
    {
        KvNumberFormat.F32 => 4,
        KvNumberFormat.Bf16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "unknown KV number format"),
    };

    private string Canonical(ModelConfig c)
    {
        var text = new StringBuilder();
        Add("kv_format", Version);
        Add("weights", Weights.Hex);
        Add("layers", Layers);
        Add("number_format", (int)NumberFormat);
        Add("model_type", c.ModelType);
        Add("hidden_size", c.HiddenSize);
        Add("num_hidden_layers", c.NumHiddenLayers);
        Add("num_attention_heads", c.NumAttentionHeads);
        Add("q_lora_rank", c.QLoraRank);
        Add("kv_lora_rank", c.KvLoraRank);
        Add("qk_nope_head_dim", c.QkNopeHeadDim);
        Add("qk_rope_head_dim", c.QkRopeHeadDim);
        Add("v_head_dim", c.VHeadDim);
        Add("n_routed_experts", c.NRoutedExperts);
        Add("n_shared_experts", c.NSharedExperts);
        Add("num_experts_per_tok", c.NumExpertsPerTok);
        Add("n_group", c.NGroup);
        Add("topk_group", c.TopkGroup);
        Add("first_k_dense_replace", c.FirstKDenseReplace);
        Add("moe_layer_freq", c.MoeLayerFreq);
        Add("routed_scaling_factor", BitConverter.SingleToUInt32Bits(c.RoutedScalingFactor));
        Add("scoring_func", (int)c.ScoringFunction);
        Add("topk_method", (int)c.TopkMethod);
        Add("norm_topk_prob", c.NormTopkProb);
        Add("rms_norm_eps", BitConverter.SingleToUInt32Bits(c.RmsNormEps));
        Add("rope_theta", BitConverter.DoubleToUInt64Bits(c.RopeTheta));
        Add("hidden_act", c.HiddenAct);
        Add("fp8_block_rows", c.Quantization?.BlockRows);
        Add("fp8_block_columns", c.Quantization?.BlockColumns);
        if (c.RopeScaling is { } yarn)
        {
            Add("yarn_factor", BitConverter.DoubleToUInt64Bits(yarn.Factor));
            Add("yarn_original", yarn.OriginalMaxPositionEmbeddings);
            Add("yarn_beta_fast", BitConverter.DoubleToUInt64Bits(yarn.BetaFast));
            Add("yarn_beta_slow", BitConverter.DoubleToUInt64Bits(yarn.BetaSlow));
            Add("yarn_mscale", BitConverter.DoubleToUInt64Bits(yarn.Mscale));
            Add("yarn_mscale_all_dim", BitConverter.DoubleToUInt64Bits(yarn.MscaleAllDim));
        }

        return text.ToString();

        void Add<T>(string name, T value) => text.Append(name).Append('=').Append(value).Append('\n');
    }
}

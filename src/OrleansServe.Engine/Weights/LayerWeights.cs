using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Weights;

/// <summary>One decoder layer without its routed experts.</summary>
internal sealed class LayerWeights
{
    /// <summary>[hidden]</summary>
    public required float[] InputNorm { get; init; }

    /// <summary>[query rank, hidden]; null where queries are projected in one step.</summary>
    public required LinearWeight? QueryDown { get; init; }

    /// <summary>[query rank]</summary>
    public required float[]? QueryNorm { get; init; }

    /// <summary>[heads · (nope + rope), query rank or hidden]</summary>
    public required LinearWeight Query { get; init; }

    /// <summary>[latent + rope, hidden]</summary>
    public required LinearWeight KvDown { get; init; }

    /// <summary>[latent]</summary>
    public required float[] KvNorm { get; init; }

    /// <summary>[heads · latent, nope]: takes a head's query to the latent space.</summary>
    public required LinearWeight KeyUp { get; init; }

    /// <summary>[heads · v, latent]: takes a latent to each head's value.</summary>
    public required LinearWeight ValueUp { get; init; }

    /// <summary>[hidden, heads · v]</summary>
    public required LinearWeight Output { get; init; }

    /// <summary>[hidden]</summary>
    public required float[] PostAttentionNorm { get; init; }

    /// <summary>The dense MLP, or the shared experts as one; null where an MoE layer has none.</summary>
    public required MlpWeights? Mlp { get; init; }

    /// <summary>Null in a dense layer.</summary>
    public required RouterWeights? Router { get; init; }

    public static LayerWeights Read(WeightReader reader, ModelConfig c, int layer)
    {
        string Name(string part) => TensorNames.Layer(layer, part);
        var queryRows = checked(c.NumAttentionHeads * c.QkHeadDim);
        var (keyUp, valueUp) = reader.KeyValueUp(
            Name("self_attn.kv_b_proj.weight"), c.NumAttentionHeads, c.QkNopeHeadDim, c.VHeadDim, c.KvLoraRank);
        var moe = c.IsMoeLayer(layer);
        return new LayerWeights
        {
            InputNorm = reader.Vector(Name("input_layernorm.weight"), c.HiddenSize),
            QueryDown = c.QLoraRank is { } rank ? reader.Linear(Name("self_attn.q_a_proj.weight"), rank, c.HiddenSize) : null,
            QueryNorm = c.QLoraRank is { } width ? reader.Vector(Name("self_attn.q_a_layernorm.weight"), width) : null,
            Query = c.QLoraRank is { } columns
                ? reader.Linear(Name("self_attn.q_b_proj.weight"), queryRows, columns)
                : reader.Linear(Name("self_attn.q_proj.weight"), queryRows, c.HiddenSize),
            KvDown = reader.Linear(Name("self_attn.kv_a_proj_with_mqa.weight"), c.KvWidth, c.HiddenSize),
            KvNorm = reader.Vector(Name("self_attn.kv_a_layernorm.weight"), c.KvLoraRank),
            KeyUp = keyUp,
            ValueUp = valueUp,
            Output = reader.Linear(Name("self_attn.o_proj.weight"), c.HiddenSize, checked(c.NumAttentionHeads * c.VHeadDim)),
            PostAttentionNorm = reader.Vector(Name("post_attention_layernorm.weight"), c.HiddenSize),
            Mlp = !moe ? MlpWeights.Read(reader, Name("mlp."), c.HiddenSize, c.IntermediateSize)
                : c.NSharedExperts > 0 ? MlpWeights.Read(reader, Name("mlp.shared_experts."), c.HiddenSize, c.SharedIntermediateSize)
                : null,
            Router = moe ? RouterWeights.Read(reader, c, layer) : null,
        };
    }
}

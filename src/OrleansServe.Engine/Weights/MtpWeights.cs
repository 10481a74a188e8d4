using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Weights;

/// <summary>The next-token prediction layer.</summary>
/// <param name="Layer">its decoder layer</param>
/// <param name="EmbeddingNorm">[hidden]</param>
/// <param name="HiddenNorm">[hidden]</param>
/// <param name="Merge">[hidden, 2 · hidden]: embedding half first</param>
/// <param name="FinalNorm">[hidden]</param>
/// <param name="Embedding">[vocabulary, hidden]; the main model's where the checkpoint has no copy or an equal one</param>
/// <param name="Head">[vocabulary, hidden]; the main model's where the checkpoint has no copy or an equal one</param>
internal sealed record MtpWeights(
    LayerWeights Layer,
    float[] EmbeddingNorm,
    float[] HiddenNorm,
    LinearWeight Merge,
    float[] FinalNorm,
    RowWeight Embedding,
    LinearWeight Head)
{
    public static MtpWeights Read(WeightReader reader, ModelConfig c, RowWeight embedding, LinearWeight head)
    {
        var layer = c.NumHiddenLayers;
        string Name(string part) => TensorNames.Layer(layer, part);
        return new(
            LayerWeights.Read(reader, c, layer),
            reader.Vector(Name("enorm.weight"), c.HiddenSize),
            reader.Vector(Name("hnorm.weight"), c.HiddenSize),
            reader.Linear(Name("eh_proj.weight"), c.HiddenSize, checked(2 * c.HiddenSize)),
            reader.Vector(Name("shared_head.norm.weight"), c.HiddenSize),
            reader.HasOther(Name("embed_tokens.weight"), TensorNames.Embedding)
                ? reader.Table(Name("embed_tokens.weight"), c.VocabSize, c.HiddenSize)
                : embedding,
            reader.HasOther(Name("shared_head.head.weight"), reader.HeadName(c))
                ? reader.Linear(Name("shared_head.head.weight"), c.VocabSize, c.HiddenSize)
                : head);
    }
}

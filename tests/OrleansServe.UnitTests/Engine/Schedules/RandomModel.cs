using OrleansServe.Model.Configuration;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>Shapes that no published model has, drawn so that every branch of the architecture and every rest of a tile turns up.</summary>
internal static class RandomModel
{
    /// <summary>One in so many models is large enough for a single row's products to be divided between threads.</summary>
    private const int Wide = 6;

    public static ModelConfig Draw(Random random)
    {
        var v3 = random.Next(2) == 0;
        var wide = random.Next(Wide) == 0;
        var layers = random.Next(1, wide ? 3 : 5);
        var groups = random.Next(2) == 0 ? 1 : random.Next(2, 4);
        var perGroup = random.Next(2, 5);
        var topkGroup = random.Next(1, groups + 1);
        var topk = v3
            ? random.Next(2) == 0 ? TopkMethod.NoauxTc : TopkMethod.GroupLimitedGreedy
            : random.Next(2) == 0 ? TopkMethod.Greedy : TopkMethod.GroupLimitedGreedy;
        var dense = random.Next(8) == 0;
        var vocabulary = wide ? random.Next(600, 900) : random.Next(20, 150);
        var config = new ModelConfig
        {
            ModelType = v3 ? ModelConfig.DeepseekV3 : ModelConfig.DeepseekV2,
            VocabSize = vocabulary,
            HiddenSize = wide ? Size(random, 200, 300) : Size(random, 16, 80),
            IntermediateSize = wide ? Size(random, 200, 400) : Size(random, 8, 100),
            MoeIntermediateSize = Size(random, 8, 60),
            NumHiddenLayers = layers,
            NumNextnPredictLayers = v3 && random.Next(2) == 0 ? 1 : 0,
            NumAttentionHeads = random.Next(1, 7),
            QLoraRank = random.Next(v3 ? 4 : 2) == 0 ? null : Size(random, 8, 50),
            KvLoraRank = Size(random, 8, 70),
            QkNopeHeadDim = Size(random, 4, 40),
            QkRopeHeadDim = 2 * random.Next(1, 13),
            VHeadDim = Size(random, 4, 40),
            NRoutedExperts = dense ? null : groups * perGroup,
            NSharedExperts = random.Next(4) == 0 ? 0 : random.Next(1, 3),
            NumExpertsPerTok = dense ? 0 : random.Next(1, (topk == TopkMethod.Greedy ? groups : topkGroup) * perGroup + 1),
            NGroup = groups,
            TopkGroup = topkGroup,
            FirstKDenseReplace = random.Next(0, layers + 1),
            MoeLayerFreq = random.Next(3) == 0 ? 2 : 1,
            RoutedScalingFactor = v3 ? 2.5f : 1f,
            ScoringFunction = v3 ? ScoringFunction.Sigmoid : ScoringFunction.Softmax,
            TopkMethod = topk,
            NormTopkProb = v3,
            RmsNormEps = random.Next(2) == 0 ? 1e-6f : 1e-5f,
            RopeScaling = random.Next(2) == 0 ? null : Yarn(random),
            MaxPositionEmbeddings = 1024,
            TieWordEmbeddings = random.Next(4) == 0,
            BosTokenId = 0,
            EosTokenIds = [vocabulary - 1],
            Quantization = random.Next(4) == 0 ? new Fp8Quantization(random.Next(5, 40), random.Next(5, 40)) : null,
        };
        return config.Validate();
    }

    /// <summary>The same with many experts of which a row meets one, so that requests of some length can miss one altogether.</summary>
    public static ModelConfig DrawSparse(Random random)
    {
        var config = Draw(random);
        return (config with { NRoutedExperts = 24 * config.NGroup, NumExpertsPerTok = 1, FirstKDenseReplace = 0 }).Validate();
    }

    // Whole panels of 32, whole groups of sixteen lanes, or any rest.
    private static int Size(Random random, int least, int most)
    {
        int[] units = [1, 16, 32, 32];
        var unit = units[random.Next(units.Length)];
        return Math.Max(random.Next(least, most + 1) / unit * unit, unit);
    }

    private static YarnScaling Yarn(Random random) => new()
    {
        Factor = random.Next(1, 41),
        OriginalMaxPositionEmbeddings = random.Next(16, 257),
        BetaFast = 32,
        BetaSlow = 1,
        Mscale = random.Next(2) == 0 ? 1 : 0.707,
        MscaleAllDim = random.Next(3) == 0 ? 0 : 0.707,
    };
}

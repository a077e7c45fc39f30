namespace Recommender.Demo;

/// <summary>The words the demonstration catalogue is made of. All brands and authors are invented.</summary>
internal static class DemoWords
{
    /// <summary>A shelf of the shop: its department, its name, the things on it, and their usual price in euros.</summary>
    internal sealed record Shelf(string Department, string Name, double Price, string[] Things);

    /// <summary>A way things look: the tag, words for titles, its brands, and how much more than usual it costs.</summary>
    internal sealed record Style(string Name, double PriceFactor, string[] Words, string[] Brands);

    /// <summary>A kind of customer: the shelves and styles they like, the first of each most.</summary>
    internal sealed record Persona(string Name, string[] Shelves, string[] Styles);

    public const string Books = "Books";

    public static readonly Shelf[] Shelves =
    [
        new("Outdoor", "Tents", 190, ["Trekking Tent", "Tunnel Tent", "Bivouac Tent", "Family Tent", "Tarp", "Hammock Tent"]),
        new("Outdoor", "Sleeping Outdoors", 85, ["Down Sleeping Bag", "Sleeping Mat", "Camp Pillow", "Quilt", "Camping Hammock",
            "Sleeping Bag Liner"]),
        new("Outdoor", "Backpacks", 95, ["Trekking Backpack", "Daypack", "Roll-Top Backpack", "Alpine Pack", "Dry Bag", "Hip Pack"]),
        new("Outdoor", "Camp Kitchen", 38, ["Gas Stove", "Camp Kettle", "Cook Set", "Titanium Mug", "Spork Set", "Fire Bowl"]),
        new("Outdoor", "Climbing", 62, ["Climbing Harness", "Rope", "Chalk Bag", "Belay Device", "Quickdraw Set", "Climbing Helmet"]),
        new("Outdoor", "Hiking Clothes", 74, ["Rain Jacket", "Fleece Pullover", "Hiking Trousers", "Merino Shirt", "Sun Hat",
            "Trail Socks"]),

        new("Kitchen", "Cookware", 68, ["Cast-Iron Skillet", "Saucepan", "Casserole", "Wok", "Stockpot", "Grill Pan"]),
        new("Kitchen", "Knives", 57, ["Chef's Knife", "Bread Knife", "Santoku Knife", "Paring Knife", "Knife Block", "Whetstone"]),
        new("Kitchen", "Baking", 24, ["Loaf Tin", "Springform Tin", "Rolling Pin", "Proofing Basket", "Muffin Tray", "Mixing Bowl"]),
        new("Kitchen", "Coffee", 49, ["Coffee Grinder", "French Press", "Pour-Over Set", "Moka Pot", "Espresso Cups", "Milk Jug"]),
        new("Kitchen", "Tea", 29, ["Teapot", "Matcha Set", "Tea Tin", "Tea Cups", "Kettle", "Tea Strainer"]),
        new("Kitchen", "Tableware", 33, ["Dinner Plates", "Pasta Bowls", "Salad Bowl", "Water Glasses", "Cutlery Set", "Serving Board"]),

        new("Books", "Crime Novels", 13, ["Murder", "Alibi", "Witness", "Confession", "Lighthouse", "Inspector"]),
        new("Books", "Fantasy Novels", 15, ["Dragon", "Oath", "Crown", "Spellbook", "Forest", "Wanderer"]),
        new("Books", "Travel Books", 19, ["Road", "Island", "Night Train", "Coast", "Pass", "Harbour"]),
        new("Books", "Cookbooks", 27, ["Kitchen", "Table", "Oven", "Feast", "Market", "Pantry"]),
        new("Books", "Popular Science", 18, ["Universe", "Atom", "Brain", "Number", "Ocean", "Cell"]),
        new("Books", "History Books", 22, ["Empire", "Treaty", "Revolution", "Guild", "Fleet", "Dynasty"]),

        new("Garden", "Garden Tools", 31, ["Hand Trowel", "Pruning Shears", "Digging Fork", "Hoe", "Hedge Clippers", "Folding Saw"]),
        new("Garden", "Planters", 36, ["Terracotta Pot", "Hanging Basket", "Window Box", "Raised Bed", "Plant Stand", "Herb Planter"]),
        new("Garden", "Seeds", 6, ["Tomato Seeds", "Wildflower Mix", "Basil Seeds", "Sunflower Seeds", "Lettuce Seeds", "Chilli Seeds"]),
        new("Garden", "Watering", 28, ["Watering Can", "Garden Hose", "Sprinkler", "Rain Barrel", "Plant Mister", "Drip Kit"]),
        new("Garden", "Garden Lights", 34, ["Solar Lantern", "String Lights", "Path Light", "Torch", "Garden Spotlight", "Floating Light"]),
        new("Garden", "Wild Birds", 21, ["Bird Feeder", "Nest Box", "Bird Bath", "Seed Mix", "Suet Holder", "Robin House"]),

        new("Home", "Lamps", 79, ["Desk Lamp", "Floor Lamp", "Pendant Lamp", "Bedside Lamp", "Clip Lamp", "Paper Lantern"]),
        new("Home", "Textiles", 37, ["Wool Throw", "Linen Cushion", "Cotton Blanket", "Woven Rug", "Curtain", "Floor Pouf"]),
        new("Home", "Candles", 17, ["Scented Candle", "Beeswax Candle", "Candle Holder", "Tealight Set", "Lantern", "Incense Set"]),
        new("Home", "Storage", 32, ["Storage Basket", "Wall Hooks", "Shelf", "Shoe Rack", "Glass Jar", "Linen Box"]),
        new("Home", "Wall Art", 44, ["Art Print", "Wall Clock", "Picture Frame", "Wall Mirror", "Map Poster", "Tapestry"]),
        new("Home", "Stationery", 14, ["Notebook", "Fountain Pen", "Desk Tray", "Pencil Case", "Wall Calendar", "Letter Set"]),

        new("Games", "Board Games", 39, ["Strategy Game", "Family Game", "Trading Game", "Railway Game", "Castle Game",
            "Cooperative Game"]),
        new("Games", "Puzzles", 19, ["500-Piece Puzzle", "1000-Piece Puzzle", "Wooden Puzzle", "3D Puzzle", "Brain Teaser", "Puzzle Mat"]),
        new("Games", "Card Games", 15, ["Card Game", "Trick-Taking Game", "Playing Cards", "Trivia Cards", "Bluffing Game", "Travel Game"]),
        new("Games", "Wooden Toys", 27, ["Building Blocks", "Pull-Along Dog", "Marble Run", "Toy Kitchen", "Stacking Rings", "Train Set"]),
        new("Games", "Model Kits", 46, ["Ship Model Kit", "Glider Kit", "Locomotive Kit", "Robot Kit", "Clock Kit", "Bridge Kit"]),
        new("Games", "Soft Toys", 22, ["Bear", "Fox", "Rabbit", "Whale", "Owl", "Elephant"]),

        new("Cycling", "Bike Lights", 42, ["Front Light", "Rear Light", "Light Set", "Helmet Light", "Dynamo Light", "Spoke Reflectors"]),
        new("Cycling", "Bike Bags", 59, ["Pannier", "Handlebar Bag", "Saddle Bag", "Frame Bag", "Messenger Bag", "Top-Tube Bag"]),
        new("Cycling", "Bike Helmets", 81, ["Road Helmet", "City Helmet", "Mountain Bike Helmet", "Gravel Helmet", "Children's Helmet",
            "Time-Trial Helmet"]),
        new("Cycling", "Bike Tools", 29, ["Multi-Tool", "Floor Pump", "Chain Tool", "Repair Stand", "Puncture Kit", "Torque Wrench"]),
        new("Cycling", "Cycling Clothes", 66, ["Cycling Jersey", "Bib Shorts", "Wind Vest", "Cycling Gloves", "Overshoes", "Cycling Cap"]),
        new("Cycling", "Bike Parts", 53, ["Saddle", "Handlebar Tape", "Pedals", "Chain", "Gravel Tyre", "Mudguards"]),

        new("Music", "Guitar Gear", 47, ["Guitar Strap", "Capo", "Guitar Stand", "Effects Pedal", "String Set", "Ukulele"]),
        new("Music", "Percussion", 54, ["Cajon", "Bongo Set", "Tambourine", "Kalimba", "Hand Drum", "Shaker Set"]),
        new("Music", "Keyboards", 160, ["Stage Piano", "MIDI Keyboard", "Synthesizer", "Melodica", "Keyboard Stand", "Piano Bench"]),
        new("Music", "Recording", 120, ["Condenser Microphone", "Audio Interface", "Pop Filter", "Microphone Stand", "Field Recorder",
            "Studio Monitor"]),
        new("Music", "Vinyl", 26, ["Jazz Record", "Soul Record", "Record Crate", "Record Brush", "Slipmat", "Folk Record"]),
        new("Music", "Headphones", 99, ["Studio Headphones", "Wireless Headphones", "Earbuds", "Headphone Stand", "Travel Headphones",
            "Headphone Amplifier"]),

        new("Craft", "Knitting", 23, ["Knitting Needles", "Merino Yarn", "Sock Yarn", "Crochet Hooks", "Knitting Kit", "Yarn Bowl"]),
        new("Craft", "Painting", 30, ["Watercolour Set", "Sketchbook", "Brush Set", "Acrylic Set", "Table Easel", "Ink Set"]),
        new("Craft", "Paper Craft", 16, ["Origami Paper", "Calligraphy Set", "Stamp Set", "Washi Tape", "Bookbinding Kit", "Scrapbook"]),
        new("Craft", "Leather Craft", 41, ["Leather Kit", "Stitching Awl", "Wallet Kit", "Belt Blank", "Edge Beveller", "Leather Dye"]),
        new("Craft", "Pottery", 35, ["Pottery Wheel", "Glaze Set", "Modelling Clay", "Carving Tools", "Clay Kit", "Sponge Set"]),
        new("Craft", "Sewing", 32, ["Sewing Box", "Fabric Scissors", "Quilting Kit", "Embroidery Hoop", "Pattern Book", "Thread Set"]),

        new("Pets", "Dogs", 34, ["Dog Bed", "Dog Collar", "Chew Toy", "Dog Bowl", "Dog Coat", "Treat Pouch"]),
        new("Pets", "Cats", 28, ["Scratching Post", "Cat Tunnel", "Cat Cave", "Feather Wand", "Cat Bowl", "Window Perch"]),
        new("Pets", "Aquarium", 63, ["Aquarium", "Aquarium Lamp", "Filter", "Driftwood", "Aquatic Plants", "Gravel"]),
        new("Pets", "Small Pets", 25, ["Hamster Wheel", "Rabbit Hutch", "Hay Rack", "Guinea Pig House", "Water Bottle", "Play Tunnel"]),
        new("Pets", "Walking the Dog", 37, ["Lead", "Dog Harness", "Travel Bowl", "Reflective Vest", "Dog Backpack", "Training Whistle"]),
        new("Pets", "Horses", 58, ["Saddle Pad", "Grooming Kit", "Halter", "Fly Rug", "Riding Gloves", "Hay Net"]),
    ];

    public static readonly Style[] Styles =
    [
        new("rustic", 1.0, ["Rustic", "Farmhouse", "Weathered", "Hand-Forged", "Old-Barn", "Cottage"],
            ["Alderbrook", "Hearth & Hay", "Millstone", "Oakley Barn", "Thistledown"]),
        new("minimal", 1.15, ["Pure", "Plain", "Slim", "Quiet", "Clear", "Essential"],
            ["Nordhavn", "Lagom Works", "Studio Ro", "Enkel", "Blank & Sons"]),
        new("retro", 0.95, ["Retro", "Seventies", "Classic", "Diner", "Vintage", "Golden-Age"],
            ["Rocket Parade", "Marigold Bros", "Starlite", "Jukebox Supply", "Velvet Comet"]),
        new("technical", 1.35, ["Pro", "Ultralight", "Carbon", "Precision", "Expedition", "Modular"],
            ["Kestrel Labs", "Vantage Nine", "Tensor Peak", "Ironline", "Axiom Gear"]),
        new("playful", 0.8, ["Rainbow", "Happy", "Polka-Dot", "Jolly", "Confetti", "Wiggly"],
            ["Pip & Pocket", "Bumblebug", "Hooray Goods", "Tumbletown", "Lemon Kite"]),
        new("luxury", 2.1, ["Heirloom", "Atelier", "Grand", "Hand-Finished", "Signature", "Gilded"],
            ["Maison Orlan", "Cavendish Row", "Belmonte", "Silverthorn", "House of Arden"]),
    ];

    public static readonly string[] Authors =
    [
        "Ines Calloway", "Tomas Verhoeven", "Agnes Lindqvist", "Rufus Okafor", "Mira Santangelo", "Edwin Harrow", "Noor Rahmani",
            "Clara Weissfeld", "Patrick Dunmore",
        "Yuki Tanabe", "Helena Marsh", "Oskar Brandt", "Lucia Ferrand", "Samuel Achterberg", "Beatrix Thorne", "Janek Kowal",
            "Amara Diallo", "Viktor Salo", "Rose Pemberton", "Dario Conti",
    ];

    /// <summary>Beginnings and ends of book titles; the thing of the shelf stands between.</summary>
    public static readonly string[] BookBeginnings =
        ["The Last", "A Short History of the", "The Secret", "Beyond the", "The Silent", "My Life with the", "The Hidden",
            "Letters from the", "The Crooked", "In Search of the"];

    public static readonly string[] BookEnds =
        ["", " of Winter", " at Midnight", " in Lisbon", " and Other Stories", " of the North",
            ", Revisited", " for Beginners", " of Salt", " by the Sea"];

    public static readonly string[] Colours =
        ["Moss Green", "Slate Grey", "Rust Red", "Ocean Blue", "Sand", "Charcoal", "Mustard", "Cream", "Copper", "Plum", "Sky Blue",
            "Coral", "Forest Green", "Black", "White", "Walnut"];

    public static readonly Persona[] Personas =
    [
        new("camper", ["Tents", "Camp Kitchen", "Sleeping Outdoors", "Backpacks", "Hiking Clothes"], ["technical", "rustic"]),
        new("climber", ["Climbing", "Backpacks", "Hiking Clothes", "Travel Books"], ["technical", "minimal"]),
        new("cook", ["Cookware", "Knives", "Cookbooks", "Tableware", "Seeds"], ["luxury", "rustic"]),
        new("baker", ["Baking", "Cookbooks", "Coffee", "Tableware"], ["rustic", "retro"]),
        new("coffee lover", ["Coffee", "Vinyl", "Stationery", "Lamps"], ["minimal", "retro"]),
        new("tea drinker", ["Tea", "Crime Novels", "Candles", "Textiles", "Knitting"], ["rustic", "luxury"]),
        new("reader", ["Crime Novels", "History Books", "Fantasy Novels", "Stationery", "Lamps"], ["minimal", "luxury"]),
        new("curious mind", ["Popular Science", "Model Kits", "Board Games", "Recording"], ["technical", "minimal"]),
        new("gardener", ["Garden Tools", "Seeds", "Planters", "Watering", "Wild Birds"], ["rustic", "minimal"]),
        new("balcony owner", ["Planters", "Garden Lights", "Watering", "Textiles", "Tableware"], ["playful", "minimal"]),
        new("decorator", ["Wall Art", "Textiles", "Lamps", "Candles", "Storage"], ["luxury", "minimal"]),
        new("parent", ["Wooden Toys", "Soft Toys", "Puzzles", "Baking", "Storage"], ["playful", "rustic"]),
        new("game night host", ["Board Games", "Card Games", "Puzzles", "Fantasy Novels"], ["playful", "retro"]),
        new("commuter", ["Bike Lights", "Bike Bags", "Bike Helmets", "Headphones"], ["technical", "minimal"]),
        new("road racer", ["Cycling Clothes", "Bike Parts", "Bike Tools", "Bike Helmets"], ["technical", "luxury"]),
        new("musician", ["Guitar Gear", "Percussion", "Recording", "Headphones"], ["retro", "technical"]),
        new("producer", ["Keyboards", "Recording", "Headphones", "Vinyl"], ["technical", "retro"]),
        new("maker", ["Leather Craft", "Pottery", "Sewing", "Knitting", "Paper Craft"], ["rustic", "playful"]),
        new("artist", ["Painting", "Paper Craft", "Wall Art", "Stationery"], ["playful", "minimal"]),
        new("dog owner", ["Dogs", "Walking the Dog", "Hiking Clothes", "Travel Books"], ["playful", "technical"]),
        new("cat owner", ["Cats", "Textiles", "Crime Novels", "Tea"], ["playful", "minimal"]),
        new("animal friend", ["Small Pets", "Aquarium", "Horses", "Wild Birds"], ["rustic", "playful"]),
    ];

    public static readonly string[] FirstNames =
    [
        "anna", "ben", "carla", "david", "elif", "felix", "greta", "hugo", "ida", "jonas", "kira", "leo", "mia", "noah", "olga", "paul",
            "quinn", "rosa", "sami", "tilda", "umar", "vera", "will",
        "xenia", "yara", "zoe", "amir", "bella", "cem", "dora", "emil", "fatima", "georg", "hanna", "ivan", "julia", "karim", "lena",
            "mateo", "nina", "oscar", "petra", "ravi", "sofia", "theo",
        "ursula", "viktor", "wanda", "yusuf", "zara",
    ];
}

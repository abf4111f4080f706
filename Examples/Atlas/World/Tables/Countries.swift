extension Country {
  /// Countries that lie on one continent, under their English names.
  public static let all: [Country] = [
    Country("Angola", "Luanda", .africa, "kwanza", "Portuguese", ["Huambo", "Lobito", "Benguela"]),
    Country(
      "Argentina", "Buenos Aires", .southAmerica, "peso", "Spanish",
      ["Rosario", "Mendoza", "Salta", "Bariloche"]),
    Country("Austria", "Vienna", .europe, "euro", "German", ["Graz", "Linz", "Salzburg"]),
    Country("Bangladesh", "Dhaka", .asia, "taka", "Bengali", ["Chittagong", "Khulna", "Sylhet"]),
    Country(
      "Brazil", "Brasilia", .southAmerica, "real", "Portuguese",
      ["Recife", "Manaus", "Curitiba", "Fortaleza"]),
    Country("China", "Beijing", .asia, "yuan", "Chinese", ["Shanghai", "Wuhan", "Shenzhen", "Chengdu"]),
    Country("Croatia", "Zagreb", .europe, "euro", "Croatian", ["Split", "Zadar", "Rijeka"]),
    Country("Czechia", "Prague", .europe, "koruna", "Czech", ["Brno", "Ostrava", "Liberec"]),
    Country("Denmark", "Copenhagen", .europe, "krone", "Danish", ["Aarhus", "Odense", "Aalborg"]),
    Country("Egypt", "Cairo", .africa, "pound", "Arabic", ["Luxor", "Aswan", "Suez", "Giza"]),
    Country("Finland", "Helsinki", .europe, "euro", "Finnish", ["Tampere", "Turku", "Oulu"]),
    Country("France", "Paris", .europe, "euro", "French", ["Lyon", "Nice", "Toulouse", "Lille", "Bordeaux"]),
    Country("Germany", "Berlin", .europe, "euro", "German", ["Munich", "Hamburg", "Cologne", "Dresden"]),
    Country("Greece", "Athens", .europe, "euro", "Greek", ["Patras", "Thessaloniki", "Larissa"]),
    Country("Hungary", "Budapest", .europe, "forint", "Hungarian", ["Debrecen", "Szeged", "Eger"]),
    Country("India", "New Delhi", .asia, "rupee", "Hindi", ["Mumbai", "Chennai", "Kolkata", "Pune"]),
    Country("Iran", "Tehran", .asia, "rial", "Persian", ["Shiraz", "Isfahan", "Tabriz"]),
    Country("Italy", "Rome", .europe, "euro", "Italian", ["Milan", "Turin", "Bologna", "Genoa"]),
    Country("Japan", "Tokyo", .asia, "yen", "Japanese", ["Osaka", "Kyoto", "Nagoya", "Sapporo"]),
    Country("Kenya", "Nairobi", .africa, "shilling", "Swahili", ["Mombasa", "Kisumu", "Nakuru"]),
    Country(
      "Mexico", "Mexico City", .northAmerica, "peso", "Spanish", ["Puebla", "Tijuana", "Monterrey", "Cancun"]),
    Country("Nigeria", "Abuja", .africa, "naira", "English", ["Kano", "Ibadan", "Enugu"]),
    Country("Norway", "Oslo", .europe, "krone", "Norwegian", ["Bergen", "Trondheim", "Stavanger"]),
    Country("Peru", "Lima", .southAmerica, "sol", "Spanish", ["Cusco", "Arequipa", "Iquitos"]),
    Country("Poland", "Warsaw", .europe, "zloty", "Polish", ["Gdansk", "Poznan", "Lublin"]),
    Country("Portugal", "Lisbon", .europe, "euro", "Portuguese", ["Porto", "Braga", "Coimbra"]),
    Country("South Korea", "Seoul", .asia, "won", "Korean", ["Busan", "Incheon", "Daegu"]),
    Country("Spain", "Madrid", .europe, "euro", "Spanish", ["Barcelona", "Seville", "Bilbao"]),
    Country("Sweden", "Stockholm", .europe, "krona", "Swedish", ["Gothenburg", "Malmö", "Uppsala"]),
    Country("Thailand", "Bangkok", .asia, "baht", "Thai", ["Phuket", "Pattaya", "Krabi"]),
    Country("Tunisia", "Tunis", .africa, "dinar", "Arabic", ["Sfax", "Sousse", "Bizerte"]),
    Country("Ukraine", "Kyiv", .europe, "hryvnia", "Ukrainian", ["Lviv", "Odesa", "Kharkiv"]),
    Country("Vietnam", "Hanoi", .asia, "dong", "Vietnamese", ["Hue", "Dalat", "Haiphong"]),
  ]
}
